#!/usr/bin/env python3
"""Do two captures of one link show the same packets?

usage: packets.py SAMPAN.pcapng TCPDUMP.pcap

tcpdump shows what the kernel handed over: big segments whole, checksums still open.  So both are cut
into the bytes of their streams: each TCP direction as one text by sequence number, everything else packet
by packet without what the link completes.  Needs nothing but Python.
"""
import collections
import struct
import sys


def blocks(data):
    at = 0
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, data[at + 8:at + length - 4]
        at += length


def read_pcapng(data):
    for kind, body in blocks(data):
        if kind == 6:
            _, _, _, kept, _ = struct.unpack_from("<IIIII", body)
            yield body[20:20 + kept]


def read_pcap(data):
    at = 24
    while at + 16 <= len(data):
        kept = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16:at + 16 + kept]
        at += 16 + kept


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    return read_pcapng(data) if data[:4] == b"\x0a\x0d\x0d\x0a" else read_pcap(data)


def texts(path):
    """Streams by flow: {offset: byte} would be large, so pieces are joined; and other packets, counted."""
    first, pieces, others = {}, collections.defaultdict(dict), collections.Counter()
    for packet in read(path):
        if packet[12:14] != b"\x08\x00" or packet[23] != 6:
            others[packet if packet[12:14] != b"\x08\x00" else packet[26:34] + packet[34:36] + packet[38:]] += 1
            continue
        header, total = (packet[14] & 15) * 4, struct.unpack_from(">H", packet, 16)[0]
        tcp = packet[14 + header:14 + total]
        seq, flags, offset = struct.unpack_from(">I", tcp, 4)[0], tcp[13], (tcp[12] >> 4) * 4
        flow = packet[26:34] + tcp[:4]
        if flags & 2:
            first[flow] = seq + 1 & 0xffffffff
            others[(flow, "SYN")] += 1
        if flags & 1:
            others[(flow, "FIN")] |= 1
        if flags & 4:
            others[(flow, "RST")] += 1
        text = tcp[offset:]
        if text and flow in first:
            pieces[flow][seq - first[flow] & 0xffffffff] = text
    return {flow: join(found) for flow, found in pieces.items()}, others


def join(pieces):
    text = bytearray()
    for at in sorted(pieces):
        piece = pieces[at]
        text[at:at + len(piece)] = piece
    return bytes(text)


def main():
    ours, theirs = texts(sys.argv[1]), texts(sys.argv[2])
    for flow in sorted(set(ours[0]) | set(theirs[0])):
        a, b = ours[0].get(flow, b""), theirs[0].get(flow, b"")
        print(f"flow {flow.hex()}: {len(a)} and {len(b)} bytes, {'the same' if a == b else 'DIFFERENT'}")
    for what in set(ours[1]) | set(theirs[1]):
        if ours[1][what] != theirs[1][what]:
            print(f"{ours[1][what]} and {theirs[1][what]} of {what}")
    sys.exit(0 if ours == theirs and ours[0] else 1)


if __name__ == "__main__":
    main()
