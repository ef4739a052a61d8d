/* Tells the publisher when to publish: a byte in its pipe is one message. The crowd remembers when it gave each.
 *
 * Beat n makes the message with sequence base + n. So the time at which a message was due is known by its sequence, the
 * messages need no stamp, and a publisher that is late cannot hide it.
 */
#pragma once

#include <stdint.h>

enum { BEATS_REMEMBERED = 1 << 16 };

struct beats {
    int fd;       /* the pipe; -1 for none */
    int timer_fd; /* readable when a paced beat is due */
    int64_t base; /* the sequence before the first beat */
    int64_t given;
    int64_t left_out; /* paced beats that were not given, because the publisher had not taken the last ones */
    uint64_t due_ns[BEATS_REMEMBERED];
};

void beats_open(struct beats *beats, int fd, int64_t base);

/* So many beats each second from now on; 0 for none. */
void beats_pace(struct beats *beats, double per_second);

/* The timer is readable. */
void beats_timer(struct beats *beats);

/* One beat now. */
void beats_give(struct beats *beats);

/* The newest sequence that was asked for. */
static inline int64_t beats_newest(const struct beats *beats) { return beats->base + beats->given; }

/* When the message with this sequence was due; 0 if it is not remembered. */
static inline uint64_t beats_due(const struct beats *beats, int64_t sequence) {
    int64_t beat = sequence - beats->base;
    if (beat <= 0 || beat > beats->given || beats->given - beat >= BEATS_REMEMBERED) return 0;
    return beats->due_ns[beat % BEATS_REMEMBERED];
}
