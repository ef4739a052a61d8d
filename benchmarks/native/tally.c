#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "clock.h"

double own_cpu_s(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

void tally_begin(struct tally *t, int64_t beats, int64_t left_out) {
    memset(t, 0, sizeof *t);
    t->begun_beats = beats;
    t->begun_left_out = left_out;
    t->begun_cpu_s = own_cpu_s();
    t->begun_ns = now_ns();
}

static void print_histogram(const char *name, const struct histogram *h) {
    printf(",\"%s\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}", name,
           histogram_quantile_ms(h, 0.5), histogram_quantile_ms(h, 0.9), histogram_quantile_ms(h, 0.99),
           histogram_quantile_ms(h, 0.999), 1e-6 * (double)h->longest_ns);
}

void tally_report(const struct tally *t, int64_t beats, int64_t left_out, unsigned clients, unsigned silent) {
    double seconds = 1e-9 * (double)(now_ns() - t->begun_ns);
    printf("{\"event\":\"window\",\"seconds\":%.6f,\"clients\":%u,\"silent\":%u", seconds, clients, silent);
    printf(",\"bytes\":%" PRIu64 ",\"diffs\":%" PRIu64 ",\"states\":%" PRIu64 ",\"heartbeats\":%" PRIu64, t->bytes,
           t->diffs, t->states, t->heartbeats);
    printf(",\"closes\":%" PRIu64 ",\"gaps\":%" PRIu64 ",\"garbage\":%" PRIu64 ",\"mutes_replaced\":%" PRIu64, t->closes,
           t->gaps, t->garbage, t->mutes_replaced);
    printf(",\"beats\":%" PRId64 ",\"left_out\":%" PRId64 ",\"cpu_s\":%.6f", beats - t->begun_beats,
           left_out - t->begun_left_out, own_cpu_s() - t->begun_cpu_s);
    print_histogram("age_ms", &t->age);
    print_histogram("beyond_ms", &t->beyond);
    printf("}\n");
    fflush(stdout);
}
