/* What a crowd saw, from one moment to another. */
#pragma once

#include <stdint.h>

#include "histogram.h"

struct tally {
    uint64_t begun_ns;
    double begun_cpu_s;
    int64_t begun_beats, begun_left_out;
    uint64_t bytes, diffs, states, heartbeats;
    uint64_t closes;  /* by the server */
    uint64_t gaps;    /* diffs that did not continue where the client stood */
    uint64_t garbage; /* what could not be read */
    uint64_t mutes_replaced;
    struct histogram age;    /* from the newest commit in a message */
    struct histogram beyond; /* from when the oldest commit in a message might have come */
};

/* Seconds of a processor that this process used. */
double own_cpu_s(void);

void tally_begin(struct tally *tally, int64_t beats, int64_t left_out);

/* Prints it as one line of JSON. `silent`: clients that got nothing. */
void tally_report(const struct tally *tally, int64_t beats, int64_t left_out, unsigned clients, unsigned silent);
