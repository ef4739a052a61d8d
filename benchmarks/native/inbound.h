/* What a client makes of the frames that it gets. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct client;
struct crowd;

/* Takes all whole frames; returns the bytes that they were. The client may be dropped in it. */
size_t inbound_frames(struct crowd *crowd, struct client *client, const uint8_t *data, size_t size, uint64_t now);
