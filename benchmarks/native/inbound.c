#define _GNU_SOURCE
#include "inbound.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "crowd.h"
#include "message.h"
#include "websocket.h"

static void become_ready(struct crowd *crowd, struct client *client) {
    if (client->state != CLIENT_ASKING) return;
    client->state = CLIENT_READY;
    crowd->in_flight--;
    crowd->ready++;
}

static void become_current(struct crowd *crowd, struct client *client, uint64_t now) {
    client->returning = 0;
    crowd->returned++;
    histogram_add(&crowd->return_times, (int64_t)(now - crowd->storm_ns));
}

/* How late a message is; see the two histograms of `struct tally`. */
static void measure(struct crowd *crowd, const struct client *client, int64_t sequence, uint64_t now) {
    uint64_t newest = beats_due(&crowd->beats, sequence);
    if (newest == 0) return;
    histogram_add(&crowd->tally.age, (int64_t)(now - newest));
    uint64_t oldest = beats_due(&crowd->beats, client->sequence + 1);
    if (oldest == 0) return;
    /* The last message was made when its newest commit was there or later, so from then the interval has passed. */
    uint64_t last = beats_due(&crowd->beats, client->sequence);
    uint64_t allowed = last == 0 ? 0 : last + 1000000u * (uint64_t)crowd->options.interval_ms;
    histogram_add(&crowd->tally.beyond, (int64_t)(now - (allowed > oldest ? allowed : oldest)));
}

static void take_data(struct crowd *crowd, struct client *client, const struct message *message, uint64_t now) {
    if (message->kind == KIND_DIFF) {
        crowd->tally.diffs++;
        if (client->sequence >= 0 && message->since != client->sequence) crowd->tally.gaps++;
        if (client->returning && client->state == CLIENT_READY) become_current(crowd, client, now);
    } else {
        crowd->tally.states++;
        if (client->returning) crowd->snapshots++;
    }
    client->heard_ns = now;
    measure(crowd, client, message->sequence, now);
    client->sequence = message->sequence;
    if (client->sequence > client->held) {
        int64_t from = client->held;
        client->held = client->sequence;
        lockstep_move(&crowd->lockstep, &crowd->beats, from, client->held);
    }
}

static void take_message(struct crowd *crowd, struct client *client, const char *text, size_t size, uint64_t now) {
    struct message message = message_read(text, size);
    switch (message.kind) {
    case KIND_DIFF:
    case KIND_STATE:
        if (message.sequence < 0)
            crowd->tally.garbage++;
        else
            take_data(crowd, client, &message, now);
        break;
    case KIND_HEARTBEAT:
        crowd->tally.heartbeats++;
        client->sequence = message.sequence;
        break;
    case KIND_SUBSCRIBED:
        become_ready(crowd, client);
        if (client->returning) message.resumed ? crowd->resumed++ : crowd->not_resumed++;
        break;
    case KIND_OTHER: crowd->tally.garbage++; break;
    }
}

/* `MSG subject sid size`, the payload and a line end; the server puts whole messages into a frame. */
static void take_nats(struct crowd *crowd, struct client *client, const char *at, size_t size, uint64_t now) {
    const char *end = at + size;
    while (at < end) {
        const char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
        if (line_end == NULL) break;
        if (memcmp(at, "MSG ", 4) == 0) {
            const char *number = memrchr(at, ' ', (size_t)(line_end - at));
            size_t length = strtoul(number + 1, NULL, 10);
            if (length + 4 > (size_t)(end - line_end)) break;
            take_message(crowd, client, line_end + 2, length, now);
            line_end += 2 + length;
        } else if (memcmp(at, "PONG", 4) == 0) {
            become_ready(crowd, client);
        } else if (memcmp(at, "INFO", 4) != 0 && memcmp(at, "PING", 4) != 0) {
            crowd->tally.garbage++;
        }
        at = line_end + 2;
    }
    if (at < end) crowd->tally.garbage++;
}

static void pong(struct client *client, const struct frame *frame) {
    uint8_t out[140];
    if (frame->size <= 125) {
        size_t size = frame_write(out, OP_PONG, frame->payload, frame->size);
        if (send(client->fd, out, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return; /* its next read tells */
    }
}

size_t inbound_frames(struct crowd *crowd, struct client *client, const uint8_t *data, size_t size, uint64_t now) {
    size_t at = 0, taken;
    struct frame frame;
    while (client->fd >= 0 && (taken = frame_read(data + at, size - at, &frame)) > 0) {
        at += taken;
        if (frame.opcode == OP_PING)
            pong(client, &frame);
        else if (!frame.final || frame.opcode == OP_CONTINUATION)
            crowd->tally.garbage++;
        else if ((frame.opcode == OP_TEXT || frame.opcode == OP_BINARY) && crowd->options.tongue == TONGUE_NATS)
            take_nats(crowd, client, (const char *)frame.payload, frame.size, now);
        else if (frame.opcode == OP_TEXT || frame.opcode == OP_BINARY)
            take_message(crowd, client, (const char *)frame.payload, frame.size, now);
        /* A close frame is followed by the end of the stream, which is counted. */
    }
    return at;
}
