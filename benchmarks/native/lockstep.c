#include "lockstep.h"

#include <string.h>

static uint32_t *standing(struct lockstep *l, int64_t sequence) {
    return &l->standing[(uint64_t)sequence % (2 * LOCKSTEP_WIDEST)];
}

static void go_on(struct lockstep *l, struct beats *beats) {
    if (l->clients == 0) return;
    while (l->slowest < beats_newest(beats) && *standing(l, l->slowest) == 0) l->slowest++;
    while (beats_newest(beats) - l->slowest < l->window) {
        int64_t before = beats->given;
        beats_give(beats);
        if (beats->given == before) return; /* the pipe is full: the publisher is dead */
    }
}

void lockstep_begin(struct lockstep *l, struct beats *beats, int window, uint32_t clients) {
    memset(l, 0, sizeof *l);
    l->window = window < LOCKSTEP_WIDEST ? window : LOCKSTEP_WIDEST;
    l->slowest = beats_newest(beats);
    *standing(l, l->slowest) = clients;
    l->clients = clients;
    if (l->window > 0) go_on(l, beats);
}

void lockstep_move(struct lockstep *l, struct beats *beats, int64_t from, int64_t to) {
    if (l->window == 0 || to <= from) return;
    --*standing(l, from);
    ++*standing(l, to);
    if (from == l->slowest) go_on(l, beats);
}

void lockstep_leave(struct lockstep *l, struct beats *beats, int64_t at) {
    if (l->window == 0) return;
    l->clients--;
    --*standing(l, at);
    if (at == l->slowest) go_on(l, beats);
}
