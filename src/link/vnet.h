/*
 * vnet.h - the virtio-net header that stands before each frame on a TAP, to
 * and from struct sampan_frame.
 *
 * Pure.  Source: VIRTIO 1.2 §5.1.6 and linux/virtio_net.h.  Fields are in the
 * machine's byte order, as TUN has them unless told otherwise.
 */
#ifndef SAMPAN_LINK_VNET_H
#define SAMPAN_LINK_VNET_H

#include <linux/virtio_net.h>

#include <sampan/sampan.h>

/* Sets csum and segmentation of a frame whose len is known.  A checksum that
 * the kernel left open stays PARTIAL: the bytes never left the machine.
 * False: a kind of frame that was not asked for, or offsets beyond its end. */
bool sp_vnet_to_frame(const struct virtio_net_hdr *hdr, struct sampan_frame *frame);

void sp_vnet_from_frame(const struct sampan_frame *frame, struct virtio_net_hdr *hdr);

#endif
