#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option LONG[] = {
    {"port", required_argument, 0, 'p'},          {"path", required_argument, 0, 'u'},
    {"tongue", required_argument, 0, 't'},        {"subscriptions", required_argument, 0, 's'},
    {"watched", required_argument, 0, 'w'},       {"symbols", required_argument, 0, 'n'},
    {"seed", required_argument, 0, 'r'},          {"interval-ms", required_argument, 0, 'i'},
    {"mute-share", required_argument, 0, 'm'},    {"in-flight", required_argument, 0, 'f'},
    {"mute-life-s", required_argument, 0, 'l'},   {"beats-fd", required_argument, 0, 'b'},
         {"epoch", required_argument, 0, 'e'},
    {"sequence", required_argument, 0, 'q'},      {0, 0, 0, 0},
};

static enum tongue tongue_named(const char *name) {
    if (strcmp(name, "board") == 0) return TONGUE_BOARD;
    if (strcmp(name, "plain") == 0) return TONGUE_PLAIN;
    if (strcmp(name, "nats") == 0) return TONGUE_NATS;
    fprintf(stderr, "no tongue '%s': board, plain or nats\n", name);
    exit(2);
}

struct options options_read(int argc, char **argv) {
    struct options o = {
        .path = "/ws", .subscriptions = "[\"market_data\"]", .in_flight = 64, .beats_fd = -1, .epoch = "", .seed = 1,
    };
    int letter;
    while ((letter = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
        switch (letter) {
        case 'p': o.port = atoi(optarg); break;
        case 'u': o.path = optarg; break;
        case 't': o.tongue = tongue_named(optarg); break;
        case 's': o.subscriptions = optarg; break;
        case 'w': o.watched = atoi(optarg); break;
        case 'n': o.symbols = atoi(optarg); break;
        case 'r': o.seed = strtoull(optarg, NULL, 10); break;
        case 'i': o.interval_ms = atoi(optarg); break;
        case 'm': o.mute_share = atof(optarg); break;
        case 'l': o.mute_life_s = atof(optarg); break;
        case 'f': o.in_flight = atoi(optarg); break;
        case 'b': o.beats_fd = atoi(optarg); break;
        case 'e': o.epoch = optarg; break;
        case 'q': o.sequence = atoll(optarg); break;
        default: exit(2);
        }
    }
    if (o.port <= 0 || o.watched > o.symbols || o.in_flight < 1) {
        fprintf(stderr, "a port is needed, at most as many watched symbols as there are, and a handshake at a time\n");
        exit(2);
    }
    return o;
}
