/* What kind of crowd it is. */
#pragma once

#include <stdint.h>

enum tongue {
    TONGUE_BOARD, /* the board's protocol: subscribe, be answered, get diffs */
    TONGUE_PLAIN, /* a WebSocket that sends without being asked */
    TONGUE_NATS,  /* NATS in WebSocket frames */
};

struct options {
    int port;
    const char *path;
    enum tongue tongue;
    const char *subscriptions; /* JSON array of names, if all clients want the same */
    int watched;               /* else: so many symbols of … */
    int symbols;               /* … so many, another choice for each client */
    uint64_t seed;
    int interval_ms; /* 0: the server knows none */
    double mute_share;
    double mute_life_s; /* after so long another one takes its place; 0: never */
    int in_flight; /* handshakes at a time */
    int beats_fd;
    const char *epoch;
    int64_t sequence; /* before the first beat */
};

/* Ends the program with a message if it cannot be understood. */
struct options options_read(int argc, char **argv);
