/*
 * list.h - doubly linked lists by reference.
 *
 * A node lies anywhere in the arena on a granule; the list knows the nodes,
 * their owner is found with container_of.  A node that is in no list is all
 * zero, and may be asked.
 */
#ifndef SAMPAN_BASE_LIST_H
#define SAMPAN_BASE_LIST_H

#include "base/arena.h"

struct sp_node {
	uint32_t next, prev;	/* 0: end; a node that points at itself in prev is first */
};

struct sp_list {
	uint32_t first, last;	/* 0: empty */
};

#define sp_container_of(ptr, type, member) \
	((type *)(void *)((uint8_t *)(uintptr_t)(ptr) - offsetof(type, member)))

static inline bool
sp_list_empty(const struct sp_list *l)
{
	return l->first == 0;
}

static inline bool
sp_node_linked(const struct sp_node *n)
{
	return n->prev != 0;
}

static inline struct sp_node *
sp_list_first(const struct sp_arena *a, const struct sp_list *l)
{
	return l->first == 0 ? NULL : (struct sp_node *)sp_at(a, l->first);
}

static inline void
sp_list_push(const struct sp_arena *a, struct sp_list *l, struct sp_node *n)
{
	const uint32_t ref = sp_ref(a, n);

	n->next = 0;
	if (l->last == 0) {
		n->prev = ref;
		l->first = ref;
	} else {
		((struct sp_node *)sp_at(a, l->last))->next = ref;
		n->prev = l->last;
	}
	l->last = ref;
}

static inline void
sp_list_remove(const struct sp_arena *a, struct sp_list *l, struct sp_node *n)
{
	const uint32_t ref = sp_ref(a, n);
	const bool first = n->prev == ref;

	if (n->next != 0)
		((struct sp_node *)sp_at(a, n->next))->prev = first ? n->next : n->prev;
	else
		l->last = first ? 0 : n->prev;
	if (first)
		l->first = n->next;
	else
		((struct sp_node *)sp_at(a, n->prev))->next = n->next;
	n->next = 0;
	n->prev = 0;
}

/* Puts n behind `after`, which is in the list. */
static inline void
sp_list_insert(const struct sp_arena *a, struct sp_list *l, struct sp_node *after,
    struct sp_node *n)
{
	const uint32_t ref = sp_ref(a, n);

	n->next = after->next;
	n->prev = sp_ref(a, after);
	if (after->next != 0)
		((struct sp_node *)sp_at(a, after->next))->prev = ref;
	else
		l->last = ref;
	after->next = ref;
}

/* The node before one that is in a list; 0: it is the first. */
static inline uint32_t
sp_node_prev(const struct sp_arena *a, const struct sp_node *n)
{
	return n->prev == sp_ref(a, n) ? 0 : n->prev;
}

/* Takes the first node off the list; NULL when it is empty. */
static inline struct sp_node *
sp_list_pop(const struct sp_arena *a, struct sp_list *l)
{
	struct sp_node *n = sp_list_first(a, l);

	if (n != NULL)
		sp_list_remove(a, l, n);
	return n;
}

/* Moves all of src behind the end of dst. */
static inline void
sp_list_splice(const struct sp_arena *a, struct sp_list *dst, struct sp_list *src)
{
	if (src->first == 0)
		return;
	if (dst->last == 0) {
		*dst = *src;
	} else {
		((struct sp_node *)sp_at(a, dst->last))->next = src->first;
		((struct sp_node *)sp_at(a, src->first))->prev = dst->last;
		dst->last = src->last;
	}
	src->first = 0;
	src->last = 0;
}

#endif
