/*
 * What a visit is counted under: a page of the rules, an event, or 0 for any
 * counted page. One number for both, so that counters and rules need not tell
 * them apart.
 */

#ifndef SENDA_KEY_H
#define SENDA_KEY_H

#include "senda.h"

typedef uint32_t senda_key_t;

#define SENDA_KEY_ANY      0u          /* every counted page view */
#define SENDA_KEY_EVENT    0x80000000u /* this bit says event, else page */
#define SENDA_EVENT_CUSTOM 64u         /* the first number for events that a rule file declares */

/* The events that web analytics already names; their numbers are for ever. */
typedef enum {
    SENDA_EV_SELECT_ITEM = 1,
    SENDA_EV_VIEW_ITEM,
    SENDA_EV_VIEW_ITEM_LIST,
    SENDA_EV_SEARCH,
    SENDA_EV_ADD_TO_CART,
    SENDA_EV_REMOVE_FROM_CART,
    SENDA_EV_ADD_TO_WISHLIST,
    SENDA_EV_VIEW_CART,
    SENDA_EV_BEGIN_CHECKOUT,
    SENDA_EV_ADD_SHIPPING_INFO,
    SENDA_EV_ADD_PAYMENT_INFO,
    SENDA_EV_SELECT_PROMOTION,
    SENDA_EV_PURCHASE,
    SENDA_EV_REFUND,
    SENDA_EV_SIGN_UP,
    SENDA_EV_LOGIN,
    SENDA_EV_LAST = SENDA_EV_LOGIN,

    /* Our own, which no page is: a message was sent, opened, clicked. */
    SENDA_EV_MESSAGE_GET = 32,
    SENDA_EV_MESSAGE_OPEN,
    SENDA_EV_MESSAGE_CLICK
} senda_event_t;

static inline senda_key_t
senda_key_event(uint32_t event)
{
    return SENDA_KEY_EVENT | event;
}

static inline bool
senda_key_is_event(senda_key_t key)
{
    return (key & SENDA_KEY_EVENT) != 0;
}

/* The analytics name of a standard event, NULL for any other number. */
const char *senda_event_name(uint32_t event);

/* The number of a standard event's analytics name, 0 if it is none. */
uint32_t senda_event_number(senda_str_t name);

#endif
