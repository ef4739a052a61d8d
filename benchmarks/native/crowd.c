/* A crowd of WebSocket clients on one thread, cheap enough that one core reads what another one sends.
 *
 * Commands come as lines on standard input, reports go as lines of JSON to standard output:
 *
 *   open N          connect so many more clients         {"event":"opened",…}
 *   pace RATE       have the publisher publish so often each second
 *   lockstep W      have it publish as fast as all clients get it, W at most on their way; 0 ends it
 *   window S        count for S seconds                  {"event":"counting"}, {"event":"window",…}
 *   storm S         drop all clients, have all come back at once and resume; wait S seconds at most
 *                                                        {"event":"storm",…}
 * The end of standard input ends the crowd.
 */
#define _GNU_SOURCE
#include "crowd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"

enum { MOST_CLIENTS = 60000, BATCH = 128, TICK_MS = 5 };

static struct crowd crowd;
static uint64_t opening_since, window_end, storm_end;

void crowd_queue(struct crowd *c, struct client *client) {
    client->state = CLIENT_WAITING;
    c->turns[(c->first_turn + c->waiting++) % MOST_CLIENTS] = client->number;
}

static void connect_some(void) {
    /* Not all in one go: what came in meanwhile has its turn. */
    for (int burst = 0; burst < BATCH && crowd.waiting > 0 && crowd.in_flight < crowd.most_in_flight; burst++) {
        struct client *client = &crowd.clients[crowd.turns[crowd.first_turn]];
        crowd.first_turn = (crowd.first_turn + 1) % MOST_CLIENTS;
        crowd.waiting--;
        client_connect(&crowd, client);
    }
}

static void command_open(uint32_t more) {
    double share = crowd.options.mute_share;
    crowd.most_in_flight = (uint32_t)crowd.options.in_flight;
    crowd.retries = 0;
    for (; more > 0 && crowd.size < MOST_CLIENTS; more--, crowd.size++) {
        struct client *client = &crowd.clients[crowd.size];
        *client = (struct client){.fd = -1, .number = crowd.size, .sequence = -1};
        client->mute = (uint32_t)(share * (crowd.size + 1)) > (uint32_t)(share * crowd.size);
        client->held = beats_newest(&crowd.beats);
        crowd_queue(&crowd, client);
    }
    opening_since = now_ns();
}

static void command_lockstep(int window) {
    for (uint32_t at = 0; at < crowd.size; at++) crowd.clients[at].held = beats_newest(&crowd.beats);
    lockstep_begin(&crowd.lockstep, &crowd.beats, window, crowd.ready);
}

static void command_storm(double seconds) {
    crowd.retries = crowd.returned = crowd.resumed = crowd.not_resumed = crowd.snapshots = 0;
    histogram_clear(&crowd.return_times);
    crowd.lockstep.window = 0;
    crowd.most_in_flight = MOST_CLIENTS;
    for (uint32_t at = 0; at < crowd.size; at++) {
        struct client *client = &crowd.clients[at];
        if (client->mute || client->state != CLIENT_READY) continue;
        client_drop(&crowd, client);
        client->returning = 1;
    }
    crowd.storm_ns = now_ns();
    storm_end = crowd.storm_ns + (uint64_t)(1e9 * seconds);
    for (uint32_t at = 0; at < crowd.size; at++)
        if (crowd.clients[at].returning) crowd_queue(&crowd, &crowd.clients[at]);
}

static void command(char *line) {
    double number = 0;
    char name[16] = "";
    if (sscanf(line, "%15s %lf", name, &number) != 2) fprintf(stderr, "no such command: %s\n", line);
    if (strcmp(name, "open") == 0) command_open((uint32_t)number);
    if (strcmp(name, "pace") == 0) beats_pace(&crowd.beats, number);
    if (strcmp(name, "lockstep") == 0) command_lockstep((int)number);
    if (strcmp(name, "storm") == 0) command_storm(number);
    if (strcmp(name, "window") == 0) {
        tally_begin(&crowd.tally, crowd.beats.given, crowd.beats.left_out);
        window_end = crowd.tally.begun_ns + (uint64_t)(1e9 * number);
        printf("{\"event\":\"counting\"}\n");
        fflush(stdout);
    }
}

static void read_commands(void) {
    static char line[256];
    static size_t size;
    ssize_t got = read(STDIN_FILENO, line + size, sizeof line - 1 - size);
    if (got <= 0) exit(0);
    size += (size_t)got;
    char *end;
    while ((end = memchr(line, '\n', size)) != NULL) {
        *end = 0;
        command(line);
        size -= (size_t)(end + 1 - line);
        memmove(line, end + 1, size);
    }
}

static void report_storm(uint64_t now) {
    const struct histogram *times = &crowd.return_times;
    printf("{\"event\":\"storm\",\"seconds\":%.3f,\"returned\":%u,\"resumed\":%u,\"not_resumed\":%u,\"snapshots\":%u",
           1e-9 * (double)(now - crowd.storm_ns), crowd.returned, crowd.resumed, crowd.not_resumed, crowd.snapshots);
    printf(",\"retries\":%" PRIu64 ",\"p50_s\":%.3f,\"p99_s\":%.3f,\"last_s\":%.3f}\n", crowd.retries,
           histogram_quantile_ms(times, 0.5) / 1e3, histogram_quantile_ms(times, 0.99) / 1e3,
           1e-9 * (double)times->longest_ns);
    fflush(stdout);
}

/* A client that does not read cannot see that the server gave it up: the end stands behind what it has not read. */
static void replace_old_mutes(void) {
    static uint64_t looked_ns;
    uint64_t now = now_ns(), life_ns = (uint64_t)(1e9 * crowd.options.mute_life_s);
    if (life_ns == 0 || now - looked_ns < 100000000u) return;
    looked_ns = now;
    for (uint32_t at = 0; at < crowd.size; at++) {
        struct client *client = &crowd.clients[at];
        if (client->mute && client->state == CLIENT_READY && now - client->heard_ns > life_ns) client_lost(&crowd, client);
    }
}

static uint32_t silent_clients(void) {
    uint32_t silent = 0;
    for (uint32_t at = 0; at < crowd.size; at++) {
        const struct client *client = &crowd.clients[at];
        silent += client->state == CLIENT_READY && !client->mute && client->heard_ns < crowd.tally.begun_ns;
    }
    return silent;
}

static void report_what_is_done(void) {
    uint64_t now = now_ns();
    if (opening_since != 0 && crowd.waiting == 0 && crowd.in_flight == 0) {
        printf("{\"event\":\"opened\",\"seconds\":%.3f,\"clients\":%u,\"mutes\":%u,\"retries\":%" PRIu64 "}\n",
               1e-9 * (double)(now - opening_since), crowd.ready, crowd.mutes, crowd.retries);
        fflush(stdout);
        opening_since = 0;
    }
    if (window_end != 0 && now >= window_end) {
        tally_report(&crowd.tally, crowd.beats.given, crowd.beats.left_out, crowd.ready, silent_clients());
        window_end = 0;
    }
    if (storm_end != 0) {
        int all = crowd.waiting == 0 && crowd.in_flight == 0 && crowd.returned == crowd.ready && crowd.ready > 0;
        if (!all && now < storm_end) return;
        report_storm(now);
        storm_end = 0;
    }
}

/* What epoll tells of: one of these, or the address of a client. */
enum { TAG_TIMER = 1, TAG_COMMANDS = 2 };

static void serve(void) {
    struct epoll_event events[BATCH];
    int hurry = crowd.waiting > 0 && crowd.in_flight < crowd.most_in_flight;
    int count = epoll_wait(crowd.epoll, events, BATCH, hurry ? 0 : TICK_MS);
    for (int at = 0; at < count; at++) {
        if (events[at].data.u64 == TAG_TIMER)
            beats_timer(&crowd.beats);
        else if (events[at].data.u64 == TAG_COMMANDS)
            read_commands();
        else
            client_event(&crowd, events[at].data.ptr, events[at].events);
    }
}

static void watch(int fd, uint64_t tag) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
    epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv) {
    struct rlimit files;
    crowd.options = options_read(argc, argv);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    crowd.epoll = epoll_create1(EPOLL_CLOEXEC);
    crowd.clients = calloc(MOST_CLIENTS, sizeof *crowd.clients);
    crowd.turns = calloc(MOST_CLIENTS, sizeof *crowd.turns);
    crowd.buffer = malloc(CROWD_ROOM);
    beats_open(&crowd.beats, crowd.options.beats_fd, crowd.options.sequence);
    watch(crowd.beats.timer_fd, TAG_TIMER);
    watch(STDIN_FILENO, TAG_COMMANDS);
    for (;;) {
        connect_some();
        serve();
        replace_old_mutes();
        report_what_is_done();
    }
}
