/*
 * The words of explain and draw that have forms: verbs, channels, units of
 * time, days of the week, ordinals. Only tables, Spanish first, English second.
 */

#include "explain_words.h"

#include <glib.h>

/* clang-format off */
#define V(present, perfect, one, many, feminine, impersonal, label) \
    { present, perfect, one, many, feminine, impersonal, label, false }
/* One whose happenings are of something: "has bought 3 different …". */
#define V_OF(present, perfect, one, many, feminine, impersonal, label) \
    { present, perfect, one, many, feminine, impersonal, label, true }

static const verb_words_t verbs_es[] = {
    [0] = V("%2visita la web", "%2%3ha visitado la web", "visita a la web", "visitas a la web", true, false, "visita la web"),
    [SENDA_EV_SELECT_ITEM] = V("%2elige un producto de una lista", "%2%3ha elegido un producto de una lista", "elección de un producto", "elecciones de productos", true, false, "elige un producto"),
    [SENDA_EV_VIEW_ITEM] = V("%2mira la ficha de un producto", "%2%3ha mirado la ficha de un producto", "visita a la ficha de un producto", "visitas a fichas de productos", true, false, "ve un producto"),
    [SENDA_EV_VIEW_ITEM_LIST] = V("%2mira una lista de productos", "%2%3ha mirado una lista de productos", "visita a una lista de productos", "visitas a listas de productos", true, false, "ve una lista"),
    [SENDA_EV_SEARCH] = V("%2busca en la tienda", "%2%3ha buscado en la tienda", "búsqueda en la tienda", "búsquedas en la tienda", true, false, "busca"),
    [SENDA_EV_ADD_TO_CART] = V("%2añade algo a la cesta", "%2%3ha añadido algo a la cesta", "producto añadido a la cesta", "productos añadidos a la cesta", false, false, "añade a la cesta"),
    [SENDA_EV_REMOVE_FROM_CART] = V("%2quita algo de la cesta", "%2%3ha quitado algo de la cesta", "producto quitado de la cesta", "productos quitados de la cesta", false, false, "quita de la cesta"),
    [SENDA_EV_ADD_TO_WISHLIST] = V("%2apunta algo en sus deseos", "%2%3ha apuntado algo en sus deseos", "producto apuntado en los deseos", "productos apuntados en los deseos", false, false, "añade a deseos"),
    [SENDA_EV_VIEW_CART] = V("%2mira su cesta", "%2%3ha mirado su cesta", "visita a la cesta", "visitas a la cesta", true, false, "ve la cesta"),
    [SENDA_EV_BEGIN_CHECKOUT] = V("%2empieza a pagar", "%2%3ha empezado a pagar", "inicio del pago", "inicios del pago", false, false, "empieza el pago"),
    [SENDA_EV_ADD_SHIPPING_INFO] = V("%2da sus datos de envío", "%2%3ha dado sus datos de envío", "entrega de los datos de envío", "entregas de los datos de envío", true, false, "da sus datos de envío"),
    [SENDA_EV_ADD_PAYMENT_INFO] = V("%2da sus datos de pago", "%2%3ha dado sus datos de pago", "entrega de los datos de pago", "entregas de los datos de pago", true, false, "da sus datos de pago"),
    [SENDA_EV_SELECT_PROMOTION] = V("%2elige una promoción", "%2%3ha elegido una promoción", "elección de una promoción", "elecciones de promociones", true, false, "elige una promoción"),
    [SENDA_EV_PURCHASE] = V_OF("%2compra", "%2%3ha comprado", "compra", "compras", true, false, "compra"),
    [SENDA_EV_REFUND] = V("%2devuelve una compra", "%2%3ha devuelto una compra", "devolución", "devoluciones", true, false, "devuelve"),
    [SENDA_EV_SIGN_UP] = V("%2se registra", "%2%3se ha registrado", "registro", "registros", false, false, "se registra"),
    [SENDA_EV_LOGIN] = V("%2entra en su cuenta", "%2%3ha entrado en su cuenta", "entrada en la cuenta", "entradas en la cuenta", true, false, "inicia sesión"),
};
/* Those that are no standard event, from VERB_WORDS_CUSTOM on. */
static const verb_words_t others_es[] = {
    V("llega el suceso %1", "%3ha llegado el suceso %1", "suceso %1", "sucesos %1", false, true, "llega %1"),
    V("%2visita %1", "%2%3ha visitado %1", "visita a %1", "visitas a %1", true, false, "visita %1"),
    V("%2pasa más de %1", "%2%3ha pasado más de %1", "visita de más de %1", "visitas de más de %1", true, false, "pasa más de %1"),
    V("%2vuelve tras %1 sin visitas", "%2%3ha vuelto tras %1 sin visitas", "vuelta tras %1", "vueltas tras %1", true, false, "vuelve tras %1"),
    V("%2llega a %1", "%2%3ha llegado a %1", "llegada a %1", "llegadas a %1", true, false, "llega a %1"),
    V("%2recibe %1", "%2%3ha recibido %1", "envío de %1", "envíos de %1", false, false, "recibe %1"),
    V("%2abre %1", "%2%3ha abierto %1", "apertura de %1", "aperturas de %1", true, false, "abre %1"),
    V("%2hace clic en %1", "%2%3ha hecho clic en %1", "clic en %1", "clics en %1", false, false, "clic en %1"),
    V("%2hace una de las %1 búsquedas más frecuentes", "%2%3ha hecho una de las %1 búsquedas más frecuentes", "búsqueda de las %1 más frecuentes", "búsquedas de las %1 más frecuentes", true, false, "hace una de las %1 búsquedas más frecuentes"),
    V("%2hace la búsqueda más frecuente", "%2%3ha hecho la búsqueda más frecuente", "búsqueda que es la más frecuente", "búsquedas que son la más frecuente", true, false, "hace la búsqueda más frecuente"),
};

static const verb_words_t verbs_en[] = {
    [0] = V("%2visits the web site", "%2has%3 visited the web site", "visit to the web site", "visits to the web site", false, false, "visits the site"),
    [SENDA_EV_SELECT_ITEM] = V("%2chooses a product from a list", "%2has%3 chosen a product from a list", "choice of a product", "choices of products", false, false, "selects an item"),
    [SENDA_EV_VIEW_ITEM] = V("%2looks at a product", "%2has%3 looked at a product", "view of a product", "views of products", false, false, "views an item"),
    [SENDA_EV_VIEW_ITEM_LIST] = V("%2looks at a list of products", "%2has%3 looked at a list of products", "view of a list of products", "views of lists of products", false, false, "views a list"),
    [SENDA_EV_SEARCH] = V("%2searches in the shop", "%2has%3 searched in the shop", "search in the shop", "searches in the shop", false, false, "searches"),
    [SENDA_EV_ADD_TO_CART] = V("%2puts something into the cart", "%2has%3 put something into the cart", "product put into the cart", "products put into the cart", false, false, "adds to cart"),
    [SENDA_EV_REMOVE_FROM_CART] = V("%2takes something out of the cart", "%2has%3 taken something out of the cart", "product taken out of the cart", "products taken out of the cart", false, false, "removes from cart"),
    [SENDA_EV_ADD_TO_WISHLIST] = V("%2puts something on the wish list", "%2has%3 put something on the wish list", "product put on the wish list", "products put on the wish list", false, false, "adds to wishlist"),
    [SENDA_EV_VIEW_CART] = V("%2looks at the cart", "%2has%3 looked at the cart", "view of the cart", "views of the cart", false, false, "views cart"),
    [SENDA_EV_BEGIN_CHECKOUT] = V("%2begins to pay", "%2has%3 begun to pay", "start of the checkout", "starts of the checkout", false, false, "begins checkout"),
    [SENDA_EV_ADD_SHIPPING_INFO] = V("%2gives shipping details", "%2has%3 given shipping details", "form with shipping details", "forms with shipping details", false, false, "gives shipping details"),
    [SENDA_EV_ADD_PAYMENT_INFO] = V("%2gives payment details", "%2has%3 given payment details", "form with payment details", "forms with payment details", false, false, "gives payment details"),
    [SENDA_EV_SELECT_PROMOTION] = V("%2follows a promotion", "%2has%3 followed a promotion", "click on a promotion", "clicks on promotions", false, false, "selects a promotion"),
    [SENDA_EV_PURCHASE] = V_OF("%2buys", "%2has%3 bought", "purchase", "purchases", false, false, "buys"),
    [SENDA_EV_REFUND] = V("%2gets a refund", "%2has%3 got a refund", "refund", "refunds", false, false, "is refunded"),
    [SENDA_EV_SIGN_UP] = V("%2signs up", "%2has%3 signed up", "sign-up", "sign-ups", false, false, "signs up"),
    [SENDA_EV_LOGIN] = V("%2logs in", "%2has%3 logged in", "login", "logins", false, false, "logs in"),
};
static const verb_words_t others_en[] = {
    V("the event %1 comes in", "the event %1 has%3 come in", "event %1", "events %1", false, true, "%1 comes in"),
    V("%2visits %1", "%2has%3 visited %1", "visit to %1", "visits to %1", false, false, "visits %1"),
    V("%2spends more than %1", "%2has%3 spent more than %1", "stay of more than %1", "stays of more than %1", false, false, "spends more than %1"),
    V("%2comes back after %1 without a visit", "%2has%3 come back after %1 without a visit", "return after %1", "returns after %1", false, false, "returns after %1"),
    V("%2arrives at %1", "%2has%3 arrived at %1", "arrival at %1", "arrivals at %1", false, false, "arrives at %1"),
    V("%2gets %1", "%2has%3 got %1", "sending of %1", "sendings of %1", false, false, "gets %1"),
    V("%2opens %1", "%2has%3 opened %1", "opening of %1", "openings of %1", false, false, "opens %1"),
    V("%2clicks in %1", "%2has%3 clicked in %1", "click in %1", "clicks in %1", false, false, "clicks in %1"),
    V("%2makes one of the %1 most frequent searches", "%2has%3 made one of the %1 most frequent searches", "search among the %1 most frequent", "searches among the %1 most frequent", false, false, "makes one of the %1 most frequent searches"),
    V("%2makes the most frequent search", "%2has%3 made the most frequent search", "search that is the most frequent", "searches that are the most frequent", false, false, "makes the most frequent search"),
};

static const char *const messages[CHANNELS][LANG_LANGUAGES] = {
    [CHANNEL_EMAIL] = { "el correo %1", "the e-mail %1" },
    [CHANNEL_SMS] = { "el SMS %1", "the text message %1" },
    [CHANNEL_PUSH] = { "el aviso en la aplicación %1", "the notice in the app %1" },
    [CHANNEL_WEBPUSH] = { "el aviso en el navegador %1", "the notice in the browser %1" },
};

static const char *const addresses[CHANNELS][LANG_LANGUAGES] = {
    [CHANNEL_EMAIL] = { "una dirección de correo", "an e-mail address" },
    [CHANNEL_SMS] = { "un teléfono", "a phone number" },
    [CHANNEL_PUSH] = { "la aplicación", "the app" },
    [CHANNEL_WEBPUSH] = { "los avisos del navegador", "browser notices turned on" },
};

static const char *const consents[CHANNELS][LANG_LANGUAGES] = {
    [CHANNEL_EMAIL] = { "correos", "e-mail" },
    [CHANNEL_SMS] = { "SMS", "text messages" },
    [CHANNEL_PUSH] = { "avisos en la aplicación", "notices in the app" },
    [CHANNEL_WEBPUSH] = { "avisos en el navegador", "notices in the browser" },
};

static const unit_words_t units[][LANG_LANGUAGES] = {
    { { "un mes", "mes", "meses", false }, { "one month", "month", "months", false } },
    { { "un día", "día", "días", false }, { "one day", "day", "days", false } },
    { { "una hora", "hora", "horas", true }, { "one hour", "hour", "hours", false } },
    { { "un minuto", "minuto", "minutos", false }, { "one minute", "minute", "minutes", false } },
    { { "un segundo", "segundo", "segundos", false }, { "one second", "second", "seconds", false } },
};

static const char *const ordinals_en[] = { NULL, "first", "second", "third", "fourth", "fifth",
    "sixth", "seventh", "eighth", "ninth", "tenth" };
static const char *const ordinals_es[][3] = { { NULL, NULL, NULL }, /* primero, primera, primer */
    { "primero", "primera", "primer" }, { "segundo", "segunda", "segundo" },
    { "tercero", "tercera", "tercer" }, { "cuarto", "cuarta", "cuarto" },
    { "quinto", "quinta", "quinto" }, { "sexto", "sexta", "sexto" },
    { "séptimo", "séptima", "séptimo" }, { "octavo", "octava", "octavo" },
    { "noveno", "novena", "noveno" }, { "décimo", "décima", "décimo" } };

static const char *const weekdays[7][LANG_LANGUAGES] = { { "lunes", "Monday" }, { "martes", "Tuesday" },
    { "miércoles", "Wednesday" }, { "jueves", "Thursday" }, { "viernes", "Friday" },
    { "sábado", "Saturday" }, { "domingo", "Sunday" } };

static const contraction_t contractions[LANG_LANGUAGES][2] = {
    [LANG_ES] = { { "de ", "el ", "del " }, { "a ", "el ", "al " } },
};

/* Whom a box speaks of: nobody needs to say it in Spanish. */
static const char *const persons[LANG_LANGUAGES] = { "", "the person " };
/* clang-format on */

const verb_words_t *
explain_verb(uint32_t event, lang_id_t lang)
{
    if (event >= VERB_WORDS_CUSTOM) {
        return lang == LANG_ES ? &others_es[event - VERB_WORDS_CUSTOM]
                               : &others_en[event - VERB_WORDS_CUSTOM];
    }
    return lang == LANG_ES ? &verbs_es[event] : &verbs_en[event];
}

const char *
explain_message(prog_channel_t channel, lang_id_t lang)
{
    return messages[channel][lang];
}

const char *
explain_address(prog_channel_t channel, lang_id_t lang)
{
    return addresses[channel][lang];
}

const char *
explain_consent(prog_channel_t channel, lang_id_t lang)
{
    return consents[channel][lang];
}

const unit_words_t *
explain_unit(unsigned unit, lang_id_t lang)
{
    return &units[unit][lang];
}

const char *
explain_ordinal(uint32_t n, bool feminine, bool before_noun, lang_id_t lang)
{
    if (n < 1 || n > 10) {
        return NULL;
    }
    return lang == LANG_EN ? ordinals_en[n] : ordinals_es[n][feminine ? 1 : before_noun ? 2 : 0];
}

const char *
explain_weekday(unsigned day, lang_id_t lang)
{
    return weekdays[day][lang];
}

const contraction_t *
explain_contractions(lang_id_t lang, unsigned *n)
{
    *n = contractions[lang][0].one != NULL ? G_N_ELEMENTS(contractions[lang]) : 0;
    return contractions[lang];
}

const char *
explain_person(lang_id_t lang)
{
    return persons[lang];
}
