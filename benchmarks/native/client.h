/* One client of the crowd. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct crowd;

enum client_state {
    CLIENT_WAITING,    /* for its turn to connect */
    CLIENT_CONNECTING, /* TCP */
    CLIENT_UPGRADING,  /* has sent its HTTP request */
    CLIENT_ASKING,     /* has sent its first message and waits for the answer */
    CLIENT_READY,
    CLIENT_CLOSED,
};

struct client {
    int fd;
    enum client_state state;
    uint32_t number;
    uint8_t mute;      /* never reads once it is connected */
    uint8_t returning; /* asks to resume, and is not current again yet */
    int64_t sequence;  /* what it holds; -1 for nothing */
    int64_t held;      /* the same for the lockstep */
    uint64_t heard_ns; /* when the last diff or state came; of a mute client, when it connected */
    uint8_t *rest;     /* the beginning of a frame whose end has not come yet */
    size_t rest_size;
};

/* Begins to connect. */
void client_connect(struct crowd *crowd, struct client *client);

/* Takes what epoll says about the client's socket. */
void client_event(struct crowd *crowd, struct client *client, uint32_t events);

/* Ends the connection as if its client had vanished; who was still on the way, or never reads, tries again. */
void client_lost(struct crowd *crowd, struct client *client);

/* Lets the connection go, without a word. */
void client_drop(struct crowd *crowd, struct client *client);
