/*
 * Two open-addressing tables of numbers over two pools. Visitors and contacts
 * are never taken out of them: a visitor only changes hands, or loses its name. Fails by
 * returning 0, and is then as before.
 */

#include "person.h"

#include <stdlib.h>

void
people_init(people_t *p, uint64_t max)
{
    *p = (people_t){ .max = max };
    pool_init(&p->persons, sizeof(person_t));
    pool_init(&p->visitors, sizeof(visitor_rec_t));
}

void
people_close(people_t *p)
{
    pool_close(&p->persons);
    pool_close(&p->visitors);
    free(p->by_visitor);
    free(p->by_contact);
}

static inline uint64_t
mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdull;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ull;
    return x ^ x >> 33;
}

static inline uint32_t
visitor_hash(const senda_visitor_t *v)
{
    uint64_t a, b;

    memcpy(&a, v->b, 8);
    memcpy(&b, v->b + 8, 8);
    return (uint32_t)mix(mix(a) ^ b);
}

/* The place of v in the table, or the empty one where it belongs. size is a power of two. */
static uint32_t
visitor_place(const people_t *p, const senda_visitor_t *v)
{
    uint32_t i = visitor_hash(v) & (p->visitors_size - 1);

    for (; p->by_visitor[i] != 0; i = (i + 1) & (p->visitors_size - 1)) {
        const visitor_rec_t *r = pool_at(&p->visitors, p->by_visitor[i]);

        if (memcmp(&r->id, v, sizeof(*v)) == 0)
            break;
    }
    return i;
}

static uint32_t
contact_place(const people_t *p, uint64_t contact)
{
    uint32_t i = (uint32_t)mix(contact) & (p->contacts_size - 1);

    for (; p->by_contact[i] != 0; i = (i + 1) & (p->contacts_size - 1)) {
        const person_t *who = pool_at(&p->persons, p->by_contact[i]);

        if (who->contact == contact)
            break;
    }
    return i;
}

uint32_t
people_visitor(const people_t *p, const senda_visitor_t *v)
{
    return p->visitors_size == 0 ? 0 : p->by_visitor[visitor_place(p, v)];
}

uint32_t
people_contact(const people_t *p, uint64_t contact)
{
    return p->contacts_size == 0 ? 0 : p->by_contact[contact_place(p, contact)];
}

/* Twice the size, at most three quarters full. */
static bool
grow_visitors(people_t *p)
{
    uint32_t size = p->visitors_size == 0 ? 1024 : 2 * p->visitors_size, *old = p->by_visitor;
    uint32_t old_size = p->visitors_size, *table;

    if (p->nvisitors + 1 <= p->visitors_size / 4 * 3)
        return true;
    table = calloc(size, sizeof(*table));
    if (table == NULL)
        return false;
    p->by_visitor = table;
    p->visitors_size = size;
    for (uint32_t i = 0; i < old_size; i++) {
        const visitor_rec_t *r = pool_at(&p->visitors, old[i]);

        if (old[i] != 0)
            table[visitor_place(p, &r->id)] = old[i];
    }
    free(old);
    return true;
}

static bool
grow_contacts(people_t *p)
{
    uint32_t size = p->contacts_size == 0 ? 256 : 2 * p->contacts_size, *old = p->by_contact;
    uint32_t old_size = p->contacts_size, *table;

    if (p->ncontacts + 1 <= p->contacts_size / 4 * 3)
        return true;
    table = calloc(size, sizeof(*table));
    if (table == NULL)
        return false;
    p->by_contact = table;
    p->contacts_size = size;
    for (uint32_t i = 0; i < old_size; i++) {
        const person_t *who = pool_at(&p->persons, old[i]);

        if (old[i] != 0)
            table[contact_place(p, who->contact)] = old[i];
    }
    free(old);
    return true;
}

uint32_t
people_new(people_t *p, uint64_t contact, stamp_t first)
{
    uint32_t id;
    person_t *who;

    if (p->max != 0 && p->persons.used >= p->max)
        return 0;
    if (contact != 0 && !grow_contacts(p))
        return 0;
    id = pool_new(&p->persons);
    if (id == 0)
        return 0;
    who = pool_at(&p->persons, id);
    *who = (person_t){ .contact = contact, .first = first, .alive = true };
    if (contact != 0) {
        p->by_contact[contact_place(p, contact)] = id;
        p->ncontacts++;
    }
    return id;
}

uint32_t
people_new_visitor(people_t *p, const senda_visitor_t *v, uint32_t person)
{
    person_t *who = pool_at(&p->persons, person);
    visitor_rec_t *r;
    uint32_t id;

    if (!grow_visitors(p))
        return 0;
    id = pool_new(&p->visitors);
    if (id == 0)
        return 0;
    r = pool_at(&p->visitors, id);
    *r = (visitor_rec_t){ .id = *v, .person = person, .next = who->visitors };
    who->visitors = id;
    p->by_visitor[visitor_place(p, v)] = id;
    p->nvisitors++;
    return id;
}

/* Takes the visitor out of its person's list. */
static void
leave(people_t *p, uint32_t visitor)
{
    visitor_rec_t *r = pool_at(&p->visitors, visitor), *before;
    person_t *old = pool_at(&p->persons, r->person);

    if (old->visitors == visitor) {
        old->visitors = r->next;
        return;
    }
    for (before = pool_at(&p->visitors, old->visitors); before->next != visitor;)
        before = pool_at(&p->visitors, before->next);
    before->next = r->next;
}

void
people_give(people_t *p, uint32_t visitor, uint32_t person)
{
    visitor_rec_t *r = pool_at(&p->visitors, visitor);
    person_t *new = pool_at(&p->persons, person);

    leave(p, visitor);
    r->person = person;
    r->next = new->visitors;
    new->visitors = visitor;
}

/* Its place in the table stays taken, by nobody: who is found behind it is found still. */
void
people_forget(people_t *p, uint32_t visitor)
{
    visitor_rec_t *r = pool_at(&p->visitors, visitor);

    leave(p, visitor);
    *r = (visitor_rec_t){ .person = 0 };
}

void
people_end(people_t *p, uint32_t person)
{
    pool_free(&p->persons, person);
}
