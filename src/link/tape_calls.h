/*
 * tape_calls.h - in front of every source of link/, host/ and cmd/ (cmake/libraries.cmake
 * says so to the compiler): their calls that change a stack go by the tape (tape.h).
 *
 * Macros, because names are all that the calls have in common; a call with parentheses
 * around its name is not one of them.  What changes a stack and is not here cannot be
 * called from there at all: tools/check-tape knows which that is.
 */
#ifndef SAMPAN_LINK_TAPE_CALLS_H
#define SAMPAN_LINK_TAPE_CALLS_H

#include <sampan/address.h>
#include <sampan/config.h>
#include <sampan/datagram.h>
#include <sampan/dhcp.h>
#include <sampan/echo.h>
#include <sampan/frame.h>
#include <sampan/names.h>
#include <sampan/option.h>
#include <sampan/sampan.h>
#include <sampan/socket.h>

int sp_tape_input(struct sampan *s, int link, struct sampan_frame *frames, unsigned n,
    sampan_time now);
int sp_tape_output(struct sampan *s, int link, struct sampan_frame *frames, unsigned max,
    sampan_time now);
void sp_tape_sent(struct sampan *s, const struct sampan_frame *frames, unsigned n);
void sp_tape_advance(struct sampan *s, sampan_time now);
int sp_tape_events(struct sampan *s, struct sampan_event *events, unsigned max);
int sp_tape_socket(struct sampan *s, enum sampan_type type, sampan_handle *out);
int sp_tape_bind(struct sampan *s, sampan_handle h, const struct sampan_sockaddr *local);
int sp_tape_listen(struct sampan *s, sampan_handle h, unsigned backlog);
int sp_tape_accept(struct sampan *s, sampan_handle h, sampan_handle *out,
    struct sampan_sockaddr *peer);
int sp_tape_connect(struct sampan *s, sampan_handle h, const struct sampan_sockaddr *peer);
int64_t sp_tape_send(struct sampan *s, sampan_handle h, const void *data, size_t len);
int64_t sp_tape_recv(struct sampan *s, sampan_handle h, void *data, size_t len);
int64_t sp_tape_sendmsg(struct sampan *s, sampan_handle h, const void *data, size_t len,
    const struct sampan_datagram *d);
int64_t sp_tape_recvmsg(struct sampan *s, sampan_handle h, void *data, size_t len,
    struct sampan_datagram *d);
int sp_tape_setopt(struct sampan *s, sampan_handle h, enum sampan_option option, int64_t value);
int sp_tape_set_user(struct sampan *s, sampan_handle h, uint64_t user);
int sp_tape_shutdown(struct sampan *s, sampan_handle h, enum sampan_how how);
int sp_tape_close_socket(struct sampan *s, sampan_handle h);
int sp_tape_abort(struct sampan *s, sampan_handle h);
int sp_tape_link_add(struct sampan *s, const struct sampan_link_config *config);
int sp_tape_addr_add(struct sampan *s, int link, const struct sampan_addr *addr,
    unsigned prefix_bits);
int sp_tape_route_add(struct sampan *s, int link, const struct sampan_addr *dst,
    unsigned prefix_bits, const struct sampan_addr *gateway);
int sp_tape_route_set(struct sampan *s, const struct sampan_route *route);
int sp_tape_autoconf(struct sampan *s, int link);
int sp_tape_link_local(struct sampan *s, int link, enum sampan_link_local when);
int sp_tape_name_server_add(struct sampan *s, const struct sampan_addr *addr);
int sp_tape_dhcp_start(struct sampan *s, int link);
int sp_tape_dhcp_stop(struct sampan *s, int link);
int sp_tape_setting_write(struct sampan *s, const char *name, const char *text);
int sp_tape_echo_send(struct sampan *s, const struct sampan_echo *echo, uint32_t *ticket);
int sp_tape_echo_take(struct sampan *s, uint32_t ticket, struct sampan_echo_answer *answer);
void sp_tape_echo_forget(struct sampan *s, uint32_t ticket);

#define sampan_input(...) sp_tape_input(__VA_ARGS__)
#define sampan_output(...) sp_tape_output(__VA_ARGS__)
#define sampan_sent(...) sp_tape_sent(__VA_ARGS__)
#define sampan_advance(...) sp_tape_advance(__VA_ARGS__)
#define sampan_events(...) sp_tape_events(__VA_ARGS__)
#define sampan_socket(...) sp_tape_socket(__VA_ARGS__)
#define sampan_bind(...) sp_tape_bind(__VA_ARGS__)
#define sampan_listen(...) sp_tape_listen(__VA_ARGS__)
#define sampan_accept(...) sp_tape_accept(__VA_ARGS__)
#define sampan_connect(...) sp_tape_connect(__VA_ARGS__)
#define sampan_send(...) sp_tape_send(__VA_ARGS__)
#define sampan_recv(...) sp_tape_recv(__VA_ARGS__)
#define sampan_sendmsg(...) sp_tape_sendmsg(__VA_ARGS__)
#define sampan_recvmsg(...) sp_tape_recvmsg(__VA_ARGS__)
#define sampan_setopt(...) sp_tape_setopt(__VA_ARGS__)
#define sampan_set_user(...) sp_tape_set_user(__VA_ARGS__)
#define sampan_shutdown(...) sp_tape_shutdown(__VA_ARGS__)
#define sampan_close(...) sp_tape_close_socket(__VA_ARGS__)
#define sampan_abort(...) sp_tape_abort(__VA_ARGS__)
#define sampan_link_add(...) sp_tape_link_add(__VA_ARGS__)
#define sampan_addr_add(...) sp_tape_addr_add(__VA_ARGS__)
#define sampan_route_add(...) sp_tape_route_add(__VA_ARGS__)
#define sampan_route_set(...) sp_tape_route_set(__VA_ARGS__)
#define sampan_autoconf(...) sp_tape_autoconf(__VA_ARGS__)
#define sampan_link_local(...) sp_tape_link_local(__VA_ARGS__)
#define sampan_name_server_add(...) sp_tape_name_server_add(__VA_ARGS__)
#define sampan_dhcp_start(...) sp_tape_dhcp_start(__VA_ARGS__)
#define sampan_dhcp_stop(...) sp_tape_dhcp_stop(__VA_ARGS__)
#define sampan_setting_write(...) sp_tape_setting_write(__VA_ARGS__)
#define sampan_echo_send(...) sp_tape_echo_send(__VA_ARGS__)
#define sampan_echo_take(...) sp_tape_echo_take(__VA_ARGS__)
#define sampan_echo_forget(...) sp_tape_echo_forget(__VA_ARGS__)

/* Not on the tape, so not to be called: whoever needs one puts it there. */
#pragma GCC poison sampan_set sampan_syncookie_key sampan_reclaim sampan_getopt
#pragma GCC poison sampan_send_urgent sampan_send_flags sampan_recv_flags sampan_recv_lend
#pragma GCC poison sampan_recv_taken sampan_send_reserve sampan_send_commit sampan_splice
#pragma GCC poison sampan_ref sampan_sendto sampan_recvfrom sampan_addr_remove
#pragma GCC poison sampan_route_remove

#endif
