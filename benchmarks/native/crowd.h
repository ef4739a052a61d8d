/* The crowd: its clients, who of them wants to connect, and what they see. */
#pragma once

#include <stdint.h>

#include "beats.h"
#include "client.h"
#include "lockstep.h"
#include "options.h"
#include "tally.h"

enum { CROWD_ROOM = 1 << 21 }; /* a message may be as long */

struct crowd {
    struct options options;
    int epoll;
    struct client *clients;
    uint32_t size;       /* clients that were ever asked for */
    uint32_t *turns;     /* a ring of those that wait for their turn to connect */
    uint32_t waiting, first_turn;
    uint32_t in_flight;  /* connecting, upgrading or asking */
    uint32_t most_in_flight;
    uint32_t ready;      /* reading clients */
    uint32_t mutes;      /* connected */
    uint64_t retries;
    uint32_t returned;   /* of a storm: current again */
    uint32_t resumed, not_resumed, snapshots;
    uint64_t storm_ns;   /* when it began; 0 for none */
    struct histogram return_times;
    struct beats beats;
    struct lockstep lockstep;
    struct tally tally;
    uint8_t *buffer; /* CROWD_ROOM bytes */
};

/* Has a client wait for its turn. */
void crowd_queue(struct crowd *crowd, struct client *client);
