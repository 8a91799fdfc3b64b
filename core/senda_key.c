/*
 * The analytics names of the standard events and their numbers. A table and
 * two look-ups; nothing here can fail.
 */

#include "senda_key.h"

static const char *const event_names[] = {
    [SENDA_EV_SELECT_ITEM] = "select_item",
    [SENDA_EV_VIEW_ITEM] = "view_item",
    [SENDA_EV_VIEW_ITEM_LIST] = "view_item_list",
    [SENDA_EV_SEARCH] = "search",
    [SENDA_EV_ADD_TO_CART] = "add_to_cart",
    [SENDA_EV_REMOVE_FROM_CART] = "remove_from_cart",
    [SENDA_EV_ADD_TO_WISHLIST] = "add_to_wishlist",
    [SENDA_EV_VIEW_CART] = "view_cart",
    [SENDA_EV_BEGIN_CHECKOUT] = "begin_checkout",
    [SENDA_EV_ADD_SHIPPING_INFO] = "add_shipping_info",
    [SENDA_EV_ADD_PAYMENT_INFO] = "add_payment_info",
    [SENDA_EV_SELECT_PROMOTION] = "select_promotion",
    [SENDA_EV_PURCHASE] = "purchase",
    [SENDA_EV_REFUND] = "refund",
    [SENDA_EV_SIGN_UP] = "sign_up",
    [SENDA_EV_LOGIN] = "login",
};

const char *
senda_event_name(uint32_t event)
{
    return event >= 1 && event <= SENDA_EV_LAST ? event_names[event] : NULL;
}

uint32_t
senda_event_number(senda_str_t name)
{
    for (uint32_t i = 1; i <= SENDA_EV_LAST; i++) {
        if (senda_str_eq(name, senda_cstr(event_names[i]))) {
            return i;
        }
    }
    return 0;
}
