/* Times in buckets whose width grows with the time: exact to 1.6 %, of constant size whatever comes in. */
#pragma once

#include <stdint.h>
#include <string.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_BUCKETS = HISTOGRAM_STEPS * 36 };

struct histogram {
    uint64_t count;
    int64_t longest_ns;
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

static inline void histogram_clear(struct histogram *h) { memset(h, 0, sizeof *h); }

/* Microseconds; below 64 of them each has a bucket, above it there are 64 buckets to each power of two. */
static inline int histogram_bucket(uint64_t us) {
    if (us < HISTOGRAM_STEPS) return (int)us;
    int shift = 63 - __builtin_clzll(us) - 6;
    int bucket = (shift + 1) * HISTOGRAM_STEPS + (int)(us >> shift) - HISTOGRAM_STEPS;
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static inline void histogram_add(struct histogram *h, int64_t ns) {
    if (ns < 0) ns = 0;
    h->count++;
    h->buckets[histogram_bucket((uint64_t)ns / 1000)]++;
    if (ns > h->longest_ns) h->longest_ns = ns;
}

/* Milliseconds that a share of all times does not exceed: the upper edge of its bucket. 0 if there are none. */
static inline double histogram_quantile_ms(const struct histogram *h, double share) {
    uint64_t wanted = (uint64_t)(share * (double)h->count + 0.999999), seen = 0;
    for (int at = 0; at < HISTOGRAM_BUCKETS && h->count > 0; at++) {
        seen += h->buckets[at];
        if (seen < wanted || seen == 0) continue;
        int shift = at < 2 * HISTOGRAM_STEPS ? 0 : at / HISTOGRAM_STEPS - 1;
        uint64_t step = (uint64_t)(at % HISTOGRAM_STEPS) + (at < HISTOGRAM_STEPS ? 0 : HISTOGRAM_STEPS);
        return (double)((step + 1) << shift) / 1000.0;
    }
    return 0.0;
}
