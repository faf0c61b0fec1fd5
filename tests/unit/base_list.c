/* Tests of base/list.h against an array that is shifted about. */
#include "lib/test.h"

#include "base/list.h"

#include "base_util.h"

#define NODES 40
#define LISTS 2

struct item {
	uint64_t before;
	struct sp_node node;
	uint64_t behind;
};

/* Two lists, and what they should hold, in order. */
struct fx {
	struct sp_arena *a;
	struct sp_list list[LISTS];
	struct sp_node *want[LISTS][NODES];
	uint32_t n[LISTS];
	struct sp_node *idle[NODES];
	uint32_t idle_n;
};

static struct fx
fx_make(void)
{
	struct fx f = { .a = base_arena(64 << 10, 4096) };

	sp_pool_init(f.a, SP_KIND_TCB, 16);
	for (f.idle_n = 0; f.idle_n < NODES; f.idle_n++) {
		f.idle[f.idle_n] = sp_at(f.a, sp_pool_take(f.a, SP_KIND_TCB));
		*f.idle[f.idle_n] = (struct sp_node){ 0 };
	}
	return f;
}

static void
expect_agrees(struct fx *f)
{
	for (uint32_t l = 0; l < LISTS; l++) {
		const struct sp_node *n = sp_list_first(f->a, &f->list[l]);

		EXPECT_EQ(sp_list_empty(&f->list[l]), f->n[l] == 0);
		for (uint32_t i = 0; i < f->n[l]; i++) {
			EXPECT(n == f->want[l][i] && sp_node_linked(n));
			n = n->next == 0 ? NULL : sp_at(f->a, n->next);
		}
		EXPECT(n == NULL);
	}
	for (uint32_t i = 0; i < f->idle_n; i++)
		EXPECT(!sp_node_linked(f->idle[i]) && f->idle[i]->next == 0);
}

static void
push(struct fx *f, uint32_t l)
{
	if (f->idle_n == 0)
		return;
	f->idle_n--;
	sp_list_push(f->a, &f->list[l], f->idle[f->idle_n]);
	f->want[l][f->n[l]++] = f->idle[f->idle_n];
}

/* Takes number i off the model. */
static struct sp_node *
forget(struct fx *f, uint32_t l, uint32_t i)
{
	struct sp_node *const n = f->want[l][i];

	f->n[l]--;
	memmove(&f->want[l][i], &f->want[l][i + 1], (f->n[l] - i) * sizeof(n));
	f->idle[f->idle_n++] = n;
	return n;
}

static void
remove_any(struct fx *f, uint32_t l, uint32_t i)
{
	if (f->n[l] > 0)
		sp_list_remove(f->a, &f->list[l], forget(f, l, i % f->n[l]));
}

static void
pop(struct fx *f, uint32_t l)
{
	struct sp_node *const n = sp_list_pop(f->a, &f->list[l]);

	EXPECT_EQ(n == NULL, f->n[l] == 0);
	if (n != NULL)
		EXPECT(forget(f, l, 0) == n);
}

static void
splice(struct fx *f, uint32_t to)
{
	const uint32_t from = 1 - to;

	sp_list_splice(f->a, &f->list[to], &f->list[from]);
	memcpy(&f->want[to][f->n[to]], f->want[from], f->n[from] * sizeof(f->want[0][0]));
	f->n[to] += f->n[from];
	f->n[from] = 0;
}

TEST(list_agrees_with_an_array)
{
	struct sp_rng r = base_rng(1);
	struct fx f = fx_make();

	for (int i = 0; i < 20000; i++) {
		const uint32_t l = sp_rng_below(&r, LISTS);
		const uint32_t what = sp_rng_below(&r, 20);

		if (what < 9)
			push(&f, l);
		else if (what < 15)
			remove_any(&f, l, sp_rng_below(&r, NODES));
		else if (what < 19)
			pop(&f, l);
		else
			splice(&f, l);
		expect_agrees(&f);
	}
	free(f.a);
}

TEST(list_of_one_node_can_be_asked_and_emptied)
{
	struct fx f = fx_make();

	push(&f, 0);
	EXPECT(sp_list_first(f.a, &f.list[0]) == f.want[0][0]);
	remove_any(&f, 0, 0);
	expect_agrees(&f);
	EXPECT(sp_list_pop(f.a, &f.list[0]) == NULL);
	free(f.a);
}

TEST(container_of_finds_the_owner)
{
	struct item item;

	EXPECT(sp_container_of(&item.node, struct item, node) == &item);
}
