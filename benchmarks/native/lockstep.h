/* Publishing as fast as every client gets it: the next beat is given once the slowest client is near enough.
 *
 * The rule is the same for every server, whatever it buffers: at most `window` messages are on their way. A server that
 * merges messages brings a client several on by one.
 */
#pragma once

#include <stdint.h>

#include "beats.h"

enum { LOCKSTEP_WIDEST = 256 };

struct lockstep {
    int window; /* 0: not in use */
    uint32_t clients;
    int64_t slowest;
    uint32_t standing[2 * LOCKSTEP_WIDEST]; /* clients by the sequence that they hold, in a ring */
};

/* Starts with so many clients, which all hold the newest sequence there is. */
void lockstep_begin(struct lockstep *lockstep, struct beats *beats, int window, uint32_t clients);

/* A client came from one sequence to another. */
void lockstep_move(struct lockstep *lockstep, struct beats *beats, int64_t from, int64_t to);

/* A client that held this sequence is gone. */
void lockstep_leave(struct lockstep *lockstep, struct beats *beats, int64_t at);
