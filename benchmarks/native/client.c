#define _GNU_SOURCE
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "crowd.h"
#include "inbound.h"
#include "subscribe.h"
#include "websocket.h"

enum { MUTE_BUFFER = 4096 };

static void watch(struct crowd *crowd, struct client *client, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    epoll_ctl(crowd->epoll, operation, client->fd, &event);
}

static int is_in_flight(const struct client *client) {
    return client->state == CLIENT_CONNECTING || client->state == CLIENT_UPGRADING || client->state == CLIENT_ASKING;
}

void client_drop(struct crowd *crowd, struct client *client) {
    if (is_in_flight(client)) crowd->in_flight--;
    if (client->state == CLIENT_READY && client->mute) crowd->mutes--;
    if (client->state == CLIENT_READY && !client->mute) {
        crowd->ready--;
        lockstep_leave(&crowd->lockstep, &crowd->beats, client->held);
    }
    if (client->fd >= 0) close(client->fd);
    free(client->rest);
    client->rest = NULL;
    client->rest_size = 0;
    client->fd = -1;
    client->state = CLIENT_CLOSED;
}

void client_lost(struct crowd *crowd, struct client *client) {
    int again = is_in_flight(client) || client->mute;
    if (client->state == CLIENT_READY && client->mute)
        crowd->tally.mutes_replaced++;
    else if (client->state == CLIENT_READY)
        crowd->tally.closes++;
    else
        crowd->retries++;
    client_drop(crowd, client);
    if (again) crowd_queue(crowd, client);
}

void client_connect(struct crowd *crowd, struct client *client) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)crowd->options.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1, small = MUTE_BUFFER;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) {
        perror("socket: the limit of open files is too low for so many clients");
        exit(1);
    }
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (client->mute) setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    client->state = CLIENT_CONNECTING;
    crowd->in_flight++;
    if (connect(client->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) {
        client_lost(crowd, client);
        return;
    }
    watch(crowd, client, EPOLL_CTL_ADD, EPOLLOUT);
}

static int say(struct client *client, const void *data, size_t size) {
    return send(client->fd, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static void upgrade(struct crowd *crowd, struct client *client) {
    char request[512];
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    /* The key is the example of RFC 6455 section 1.3. */
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                        crowd->options.path, crowd->options.port);
    if (error != 0 || !say(client, request, (size_t)size)) {
        client_lost(crowd, client);
        return;
    }
    client->state = CLIENT_UPGRADING;
    watch(crowd, client, EPOLL_CTL_MOD, EPOLLIN);
}

/* A socket that has sent something holds its acknowledgements back, until the second message comes: then the kernel sends one
 * while the server is in `send`, in its time. One that has only listened sends them when it reads, in the client's time, as
 * every client does whose kernel is another machine's. Some systems are spoken to and some are not, so all are made alike. */
static void acknowledge_on_reading(struct client *client) {
    int one = 1;
    setsockopt(client->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
}

static void ask(struct crowd *crowd, struct client *client) {
    static char text[SUBSCRIBE_ROOM];
    static uint8_t frame[SUBSCRIBE_ROOM + 14];
    size_t size = subscribe_write(text, &crowd->options, client->number, client->returning ? client->sequence : -1);
    client->state = CLIENT_ASKING;
    if (size > 0 && !say(client, frame, frame_write(frame, OP_TEXT, text, size))) {
        client_lost(crowd, client);
        return;
    }
    acknowledge_on_reading(client);
    if (client->mute || size == 0) {
        client->state = CLIENT_READY;
        crowd->in_flight--;
        client->mute ? crowd->mutes++ : crowd->ready++;
        client->heard_ns = client->mute ? now_ns() : 0;
    }
    if (client->mute) watch(crowd, client, EPOLL_CTL_MOD, 0); /* errors and hang-ups are told all the same */
}

/* Takes the answer to the handshake; returns its size, 0 if there is more to come or it was refused. */
static size_t handshake(struct crowd *crowd, struct client *client, const uint8_t *data, size_t size) {
    const uint8_t *end = memmem(data, size, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    if (memcmp(data, "HTTP/1.1 101", 12) != 0) {
        client_lost(crowd, client);
        return 0;
    }
    ask(crowd, client);
    return (size_t)(end - data) + 4;
}

static void keep_rest(struct client *client, const uint8_t *data, size_t size) {
    uint8_t *rest = size > 0 ? malloc(size) : NULL;
    if (size > 0) memcpy(rest, data, size);
    free(client->rest);
    client->rest = rest;
    client->rest_size = size;
}

static void receive(struct crowd *crowd, struct client *client) {
    size_t old = client->rest_size;
    ssize_t got = recv(client->fd, crowd->buffer + old, CROWD_ROOM - old, 0);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) client_lost(crowd, client);
        return;
    }
    uint64_t now = now_ns();
    crowd->tally.bytes += (uint64_t)got;
    if (old > 0) memcpy(crowd->buffer, client->rest, old);
    size_t size = old + (size_t)got, at = 0;
    if (client->state == CLIENT_UPGRADING) at = handshake(crowd, client, crowd->buffer, size);
    if (client->state == CLIENT_ASKING || client->state == CLIENT_READY)
        at += inbound_frames(crowd, client, crowd->buffer + at, size - at, now);
    if (client->fd >= 0 && (size > at || old > 0)) keep_rest(client, crowd->buffer + at, size - at);
}

void client_event(struct crowd *crowd, struct client *client, uint32_t events) {
    if (client->fd < 0) return; /* dropped by an earlier event of the same batch */
    if (client->state == CLIENT_READY && client->mute)
        client_lost(crowd, client);
    else if (client->state != CLIENT_CONNECTING)
        receive(crowd, client);
    else if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
        upgrade(crowd, client);
}
