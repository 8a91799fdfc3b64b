/*
 * The words of explain and draw: Spanish first, English second. Only tables;
 * what is chosen and put together is decided in explain_say.c.
 */

#include "explain_words.h"

/* clang-format off */
static const char *const phrases[PH_WORDS][LANG_LANGUAGES] = {
    [PH_QUOTED] = { "«%1»", "“%1”" },
    [PH_AND] = { "%1 y %2", "%1 and %2" },
    [PH_OR] = { "%1 o %2", "%1 or %2" },
    [PH_LIST] = { "%1, %2", "%1, %2" },
    [PH_SOMEBODY] = { "alguien ", "somebody " },
    [PH_THE_PERSON] = { "la persona ", "the person " },

    [PH_AND_TIME] = { "%1 y %2", "%1 and %2" },
    [PH_LAST_SPAN] = { "en el último %1", "in the last %1" },
    [PH_LAST_SPAN + 1] = { "en los últimos %1", "in the last %1" },
    [PH_LAST_SPAN + 2] = { "en la última %1", "in the last %1" },
    [PH_LAST_SPAN + 3] = { "en las últimas %1", "in the last %1" },
    [PH_THAT_SPAN] = { "en ese %1", "in that %1" },
    [PH_THAT_SPAN + 1] = { "en esos %1", "in those %1" },
    [PH_THAT_SPAN + 2] = { "en esa %1", "in that %1" },
    [PH_THAT_SPAN + 3] = { "en esas %1", "in those %1" },
    [PH_SINCE_START] = { "desde que empezó el flujo", "since the flow began" },
    [PH_SINCE_THEN] = { "desde entonces", "since then" },
    [PH_WITHIN_ANY] = { "en un plazo de %1", "within %1" },

    [PH_EXACTLY] = { "exactamente %1", "exactly %1" },
    [PH_AT_LEAST] = { "al menos %1", "at least %1" },
    [PH_ONCE] = { "una vez", "once" },
    [PH_TIMES] = { "%1 veces", "%1 times" },
    [PH_NTH_TIME] = { "por %1 vez", "for the %1 time" },
    [PH_NEVER] = { "nunca ", " never" },
    [PH_NOT] = { "no ", " not" },

    [PH_THE_PAGE] = { "la página %1", "the page %1" },
    [PH_AN_ADDRESS] = { "una dirección como %1", "an address like %1" },

    [PH_HAS_TAG] = { "%2tiene la etiqueta %1", "%2has the tag %1" },
    [PH_HAS_NO_TAG] = { "%2no tiene la etiqueta %1", "%2does not have the tag %1" },
    [PH_NOT_ALL] = { "no se cumple que %1", "it is not true that %1" },
    [PH_PARENS] = { "(%1)", "(%1)" },

    [PH_MOMENT] = { "en cuanto %1", "as soon as %1" },
    [PH_AFTER_LAST] = { "%1 después del último %2", "%1 after the last %2" },
    [PH_AFTER_LAST + 1] = { "%1 después de la última %2", "%1 after the last %2" },
    [PH_AFTER_NTH] = { "%1 después del %2 %3", "%1 after the %2 %3" },
    [PH_AFTER_NTH + 1] = { "%1 después de la %2 %3", "%1 after the %2 %3" },
    [PH_ABSENT] = { "%1, si %2 no ha habido ningún %3", "%1, if there was no %3 %2" },
    [PH_ABSENT + 1] = { "%1, si %2 no ha habido ninguna %3", "%1, if there was no %3 %2" },
    [PH_ALONE] = { "%1 después del último %2 (si no hubo ninguno, desde que se vio a la persona por primera vez); una sola vez",
        "%1 after the last %2 (if there was none, after the person was first seen); once only" },
    [PH_ALONE + 1] = { "%1 después de la última %2 (si no hubo ninguna, desde que se vio a la persona por primera vez); una sola vez",
        "%1 after the last %2 (if there was none, after the person was first seen); once only" },
    [PH_ANEW] = { "Con otro %1 se vuelve a contar desde cero.", "Another %1 starts the time anew." },
    [PH_ANEW + 1] = { "Con otra %1 se vuelve a contar desde cero.", "Another %1 starts the time anew." },
    [PH_AGAIN_COUNT] = { "Más veces no cambian nada hasta que vuelvan a ser menos de %1 en ese plazo.",
        "More often changes nothing until it is fewer than %1 times within that span again." },
    [PH_ONCE_EVER] = { "Eso ocurre una sola vez para cada persona.", "That happens only once for each person." },

    [PH_H_PAGES] = { "PÁGINAS", "PAGES" },
    [PH_H_EVENTS] = { "SUCESOS DE FUERA DE LA WEB", "EVENTS FROM OUTSIDE THE WEB SITE" },
    [PH_H_TAGS] = { "ETIQUETAS", "TAGS" },
    [PH_H_FLOWS] = { "FLUJOS", "FLOWS" },
    [PH_H_TESTS] = { "PRUEBAS", "TESTS" },
    [PH_H_PAGE] = { "La página %1 (línea %2)", "The page %1 (line %2)" },
    [PH_H_EVENT] = { "El suceso %1 (línea %2)", "The event %1 (line %2)" },
    [PH_H_TAG] = { "La etiqueta %1 (línea %2)", "The tag %1 (line %2)" },
    [PH_H_FLOW] = { "El flujo %1 (línea %2)", "The flow %1 (line %2)" },
    [PH_H_TEST] = { "La prueba %1 (línea %2)", "The test %1 (line %2)" },
    [PH_H_TRANSACTIONAL] = { "Sus mensajes son parte de la compra (transaccional).",
        "Its messages are part of the purchase (transactional)." },

    [PH_SITE] = { "Estas son las reglas de la tienda %1.", "These are the rules of the shop %1." },
    [PH_SITE_NAMES] = { "También se llama %1.", "It is also called %1." },
    [PH_SITE_NONE] = { "Estas reglas valen para cualquier dirección que no tenga otro fichero.",
        "These rules are for every address that no other file has." },
    [PH_SITE_MONEY] = { "El dinero se cuenta en %1.", "Money is counted in %1." },
    [PH_SITE_ZONE] = { "Las horas son las de %1.", "Times are those of %1." },

    [PH_PAGE_IS] = { "Es %1.", "It is %1." },
    [PH_PAGE_POST] = { "%1 cuando se envía su formulario (POST)", "%1 when its form is sent (POST)" },
    [PH_PAGE_EXCEPT] = { "%1, salvo %2", "%1, except %2" },
    [PH_PAGE_STAR] = { "El * es cualquier texto, también ninguno.", "The * is any text, also none." },
    [PH_PAGE_CAPTURE] = { "De la dirección se recuerda este dato: %1.", "This piece of the address is remembered: %1." },
    [PH_PAGE_CAPTURES] = { "De la dirección se recuerdan estos datos: %1.", "These pieces of the address are remembered: %1." },
    [PH_PAGE_MEANS] = { "Pasar por ella cuenta como %1 (%2).", "Passing through it counts as a %1 (%2)." },
    [PH_PAGE_MEANS_OWN] = { "Pasar por ella cuenta como el %1.", "Passing through it counts as the %1." },
    [PH_PAGE_ORDER] = { "Un número de pedido ya conocido no es otra compra, sólo una visita.",
        "An order number that is already known is no second purchase, only a visit." },
    [PH_PAGE_NOTHING] = { "Sólo cuenta como visita a la página.", "It counts as a visit to the page and nothing else." },

    [PH_EVENT_API] = { "No lo cuenta ninguna página: llega de otro programa de la tienda.",
        "No page tells it: it comes from another program of the shop." },
    [PH_EVENT_BRINGS] = { "Trae %1.", "It brings %1." },
    [PH_EVENT_STANDARD] = { "El suceso %1: %2", "The event %1: %2" },
    [PH_EVENT_PAGES] = { "Lo es pasar por %1.", "Passing through %1 is one." },
    [PH_EVENT_NO_PAGE] = { "Ninguna página lo es.", "No page is one." },

    [PH_TAG_GIVEN] = { "Se pone %1.", "It is given %1." },
    [PH_TAG_STAYS] = { "Quien la tiene la conserva.", "Whoever has it keeps it." },
    [PH_TAG_NGINX] = { "La página que se está viendo en ese momento ya lo sabe.",
        "The page that is being shown at that moment knows it already." },
    [PH_TAG_LATER] = { "La web lo sabe a partir de la página siguiente.",
        "The web site knows it from the next page on." },

    [PH_BEGINS] = { "Empieza %1.", "It begins %1." },
    [PH_REACH_NONE] = { "Puede tocarle a cualquiera: no envía ningún mensaje.",
        "Anybody can get into it: it sends no message." },
    [PH_REACH] = { "Es para quien tiene %1", "It is for whoever has %1" },
    [PH_REACH_CONSENT] = { "%1 y ha aceptado recibir %2.", "%1 and has agreed to get %2." },
    [PH_REACH_TRANSACTIONAL] = { "%1; no hace falta que haya aceptado publicidad, porque sus mensajes son parte de la compra.",
        "%1; agreeing to advertising is not needed, because its messages are part of the purchase." },
    [PH_REACH_LOST] = { "Para los demás no empieza.", "For others it does not begin." },
    [PH_AGAIN_NEVER] = { "Cada persona pasa por él una sola vez.", "Each person goes through it only once." },
    [PH_AGAIN_UNSAID] = { "Cada persona pasa por él una sola vez, porque no se dice nada de repetirlo.",
        "Each person goes through it only once, because nothing is said of repeating it." },
    [PH_AGAIN_AFTER] = { "Para la misma persona puede volver a empezar %1 después de la última vez que empezó, y no antes.",
        "For the same person it can begin again %1 after it last began, and not sooner." },
    [PH_AGAIN_ALWAYS] = { "Para la misma persona puede empezar cada vez, salvo que aún esté en él.",
        "For the same person it can begin every time, unless they are still in it." },
    [PH_STOPS] = { "Se interrumpe al momento, también durante una espera, si después %1.",
        "It is broken off at once, even while it waits, if afterwards %1." },
    [PH_STOPS_NOT] = { "Nada lo interrumpe antes de su último paso.", "Nothing breaks it off before its last step." },
    [PH_GOAL_WITHIN] = { "Su objetivo se alcanza si %1 en un plazo de %2 desde el inicio. Se cuenta también si el flujo ya acabó.",
        "Its goal is reached if %1 within %2 of its beginning. That is counted also when the flow is over." },
    [PH_GOAL] = { "Su objetivo se alcanza si %1 mientras el flujo sigue.", "Its goal is reached if %1 while the flow goes on." },
    [PH_GOAL_ENDS] = { "Alcanzarlo acaba el flujo.", "Reaching it ends the flow." },
    [PH_STEPS] = { "Paso a paso:", "Step by step:" },
    [PH_AT_ONCE] = { "al momento, %1", "at once, %1" },
    [PH_LATER] = { "%1 después, %2", "%1 later, %2" },
    [PH_LATER_SUM] = { "%1 después (%2 desde el inicio), %3", "%1 later (%2 after the beginning), %3" },
    [PH_LATER_RANGE] = { "%1 después (entre %2 y %3 desde el inicio), %4",
        "%1 later (between %2 and %3 after the beginning), %4" },
    [PH_SENDS] = { "envía %1.", "it sends %1." },
    [PH_SENDS_ELSE] = { "%1 o, si no puede llegarle, %2", "%1 or, if that cannot reach the person, %2" },
    [PH_ASKS] = { "si %1:", "if %1:" },
    [PH_OTHERWISE] = { "Si no:", "Otherwise:" },
    [PH_WAITS] = { "no pasa nada más.", "nothing more happens." },
    [PH_ENDS] = { "Y ahí acaba.", "Then it is over." },

    [PH_TEST_CONTACT] = { "desde aquí, quien visita la tienda es %1.", "from here on, the visitor is %1." },
    [PH_TEST_VISIT] = { "visita %1%2%3.", "they visit %1%2%3." },
    [PH_TEST_POST] = { "envía el formulario de %1%2%3.", "they send the form of %1%2%3." },
    [PH_TEST_EVENT] = { "%1%2%3.", "%1%2%3." },
    [PH_TEST_TIMES] = { ", %1 veces, con un minuto entre una y otra", ", %1 times, a minute apart" },
    [PH_TEST_GETS] = { "tiene que llegarle %1%2.", "%1 has to arrive%2." },
    [PH_TEST_NEVER] = { "en toda la prueba, y en los 400 días siguientes, no puede llegarle %1.",
        "%1 must not arrive in the whole test, nor in the 400 days after it." },
    [PH_TEST_HAS] = { "en ese momento tiene que tener la etiqueta %1.", "at that point they must have the tag %1." },
    [PH_TEST_HAS_NOT] = { "en ese momento no puede tener la etiqueta %1.", "at that point they must not have the tag %1." },
    [PH_TEST_AT] = { " a las %1", " at %1" },
    [PH_TEST_AT_DAY] = { " a las %1 del día %2", " at %1 on day %2" },

    [PH_FOLLOWS] = { "Lo que puede venir después:", "What may follow:" },
    [PH_FOLLOWS_NOTHING] = { "Ninguna etiqueta ni ningún flujo hace caso de esto.", "No tag and no flow heeds this." },
    [PH_USE_TAG] = { "Cuenta para la etiqueta %1, que se pone %2.", "It counts for the tag %1, which is given %2." },
    [PH_USE_START] = { "Puede poner en marcha el flujo %1, que empieza %2.", "It may set off the flow %1, which begins %2." },
    [PH_USE_KEEPS] = { "Evita que empiece el flujo %1, si llega en menos de %2.", "It keeps the flow %1 from beginning, if it comes within %2." },
    [PH_USE_KEEPS_TAG] = { "Evita que se ponga la etiqueta %1, si llega en menos de %2.", "It keeps the tag %1 from being given, if it comes within %2." },
    [PH_USE_STOP] = { "Interrumpe el flujo %1, si la persona está en él.", "It breaks off the flow %1, if the person is in it." },
    [PH_USE_GOAL] = { "Es el objetivo del flujo %1.", "It is the goal of the flow %1." },
    [PH_USE_IF] = { "El flujo %1 pregunta por ello en la línea %2.", "The flow %1 asks for it on line %2." },

    [PH_URL_PAGE] = { "Es la página %1, por su patrón %2 (línea %3).", "It is the page %1, by its pattern %2 (line %3)." },
    [PH_URL_SENTENCE] = { "Es lo que una frase llama %1 (línea %2).", "It is what a sentence calls %1 (line %2)." },
    [PH_URL_VALUE] = { "%1 = %2", "%1 = %2" },
    [PH_URL_NONE] = { "No es ninguna página de este fichero.", "It is no page of this file." },
    [PH_URL_FOREIGN] = { "Esa dirección no es de esta tienda: el fichero habla de %1.",
        "That address is not one of this shop: the file speaks of %1." },
    [PH_URL_BAD] = { "Eso no es una dirección: empieza por / o por https://.", "That is no address: it begins with / or https://." },
    [PH_URL_NEAR] = { "Lo que casi es:", "What it nearly is:" },
    [PH_NEAR_POST] = { "No es la página %1: %2 es un formulario que se envía (POST), y esto es una página que se mira.",
        "It is not the page %1: %2 is a form that is sent (POST), and this is a page that is looked at." },
    [PH_NEAR_GET] = { "No es la página %1: %2 es una página que se mira, y esto es un formulario que se envía.",
        "It is not the page %1: %2 is a page that is looked at, and this is a form that is sent." },
    [PH_NEAR_EXCEPT] = { "No es la página %1: la quita su salvo %3, aunque casa con %2.",
        "It is not the page %1: its except %3 takes it away, although it fits %2." },
    [PH_NEAR_ARGS] = { "No es la página %1: a la dirección le falta algo de lo que %2 pide detrás de «?».",
        "It is not the page %1: the address lacks something that %2 asks for after the “?”." },
    [PH_NEAR_HOST] = { "No es la página %1: %2 es de otro nombre de la tienda.", "It is not the page %1: %2 has another host." },
    [PH_NEAR_CASE] = { "No es la página %1: en %2 cambian las mayúsculas, y en la dirección cuentan.",
        "It is not the page %1: %2 has other capital letters, and in an address they matter." },

    [PH_NO_NAME] = { "no hay nada que se llame %1", "there is nothing called %1" },
    [PH_NO_FLOW] = { "no hay ningún flujo que se llame %1", "there is no flow called %1" },
    [PH_DRAW_WITHOUT] = { "%1, y %2 sin %3", "%1, then %2 without %3" },
    [PH_DRAW_ALONE] = { "%1 sin %2", "%1 without %2" },
    [PH_DRAW_ASK] = { "¿%1?", "%1?" },
    [PH_DRAW_STOP] = { "Se interrumpe si %1", "Stops if the person %1" },
    [PH_DRAW_GOAL] = { "Objetivo: %1", "Goal: %1" },
    [PH_DRAW_YES] = { "sí", "yes" },
    [PH_DRAW_NO] = { "no", "no" },
    [PH_DRAW_NEVER] = { "una sola vez por persona", "once a person" },
    [PH_DRAW_AFTER] = { "otra vez tras %1", "again after %1" },
    [PH_DRAW_ALWAYS] = { "cada vez", "every time" },
    [PH_DRAW_PAGES] = { "Páginas", "Pages" },
    [PH_DRAW_EVENTS] = { "Sucesos", "Events" },
    [PH_DRAW_FOLLOWS] = { "Flujos y etiquetas", "Flows and tags" },
    [PH_DRAW_NOTE] = { "lo que pone en marcha cada flujo y cada etiqueta", "what sets off each flow and tag" },
    [PH_DRAW_OR] = { "%1; o bien: %2", "%1; or: %2" },
    [PH_MEANT] = { "¿Quiere decir %1?", "Did you mean %1?" },
};

#define V(present, perfect, one, many, feminine, impersonal, label) \
    { present, perfect, one, many, feminine, impersonal, label }

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
    [SENDA_EV_PURCHASE] = V("%2compra", "%2%3ha comprado", "compra", "compras", true, false, "compra"),
    [SENDA_EV_REFUND] = V("%2devuelve una compra", "%2%3ha devuelto una compra", "devolución", "devoluciones", true, false, "devuelve"),
    [SENDA_EV_SIGN_UP] = V("%2se registra", "%2%3se ha registrado", "registro", "registros", false, false, "se registra"),
    [SENDA_EV_LOGIN] = V("%2entra en su cuenta", "%2%3ha entrado en su cuenta", "entrada en la cuenta", "entradas en la cuenta", true, false, "inicia sesión"),
};
static const verb_words_t custom_es = V("llega el suceso %1", "%3ha llegado el suceso %1", "suceso %1", "sucesos %1", false, true, "llega %1");
static const verb_words_t page_es = V("%2visita %1", "%2%3ha visitado %1", "visita a %1", "visitas a %1", true, false, "visita %1");

static const verb_words_t verbs_en[] = {
    [0] = V("%2visits the web site", "%2has%3 visited the web site", "visit to the web site", "visits to the web site", false, false, "visits the site"),
    [SENDA_EV_SELECT_ITEM] = V("%2chooses a product from a list", "%2has%3 chosen a product from a list", "choice of a product", "choices of products", false, false, "selects an item"),
    [SENDA_EV_VIEW_ITEM] = V("%2looks at a product", "%2has%3 looked at a product", "look at a product", "looks at products", false, false, "views an item"),
    [SENDA_EV_VIEW_ITEM_LIST] = V("%2looks at a list of products", "%2has%3 looked at a list of products", "look at a list of products", "looks at lists of products", false, false, "views a list"),
    [SENDA_EV_SEARCH] = V("%2searches in the shop", "%2has%3 searched in the shop", "search in the shop", "searches in the shop", false, false, "searches"),
    [SENDA_EV_ADD_TO_CART] = V("%2puts something into the cart", "%2has%3 put something into the cart", "product put into the cart", "products put into the cart", false, false, "adds to cart"),
    [SENDA_EV_REMOVE_FROM_CART] = V("%2takes something out of the cart", "%2has%3 taken something out of the cart", "product taken out of the cart", "products taken out of the cart", false, false, "removes from cart"),
    [SENDA_EV_ADD_TO_WISHLIST] = V("%2puts something on the wish list", "%2has%3 put something on the wish list", "product put on the wish list", "products put on the wish list", false, false, "adds to wishlist"),
    [SENDA_EV_VIEW_CART] = V("%2looks at the cart", "%2has%3 looked at the cart", "look at the cart", "looks at the cart", false, false, "views cart"),
    [SENDA_EV_BEGIN_CHECKOUT] = V("%2begins to pay", "%2has%3 begun to pay", "start of the checkout", "starts of the checkout", false, false, "begins checkout"),
    [SENDA_EV_ADD_SHIPPING_INFO] = V("%2gives shipping details", "%2has%3 given shipping details", "form with shipping details", "forms with shipping details", false, false, "gives shipping details"),
    [SENDA_EV_ADD_PAYMENT_INFO] = V("%2gives payment details", "%2has%3 given payment details", "form with payment details", "forms with payment details", false, false, "gives payment details"),
    [SENDA_EV_SELECT_PROMOTION] = V("%2follows a promotion", "%2has%3 followed a promotion", "click on a promotion", "clicks on promotions", false, false, "selects a promotion"),
    [SENDA_EV_PURCHASE] = V("%2buys", "%2has%3 bought", "purchase", "purchases", false, false, "buys"),
    [SENDA_EV_REFUND] = V("%2gets a refund", "%2has%3 got a refund", "refund", "refunds", false, false, "is refunded"),
    [SENDA_EV_SIGN_UP] = V("%2signs up", "%2has%3 signed up", "sign-up", "sign-ups", false, false, "signs up"),
    [SENDA_EV_LOGIN] = V("%2logs in", "%2has%3 logged in", "login", "logins", false, false, "logs in"),
};
static const verb_words_t custom_en = V("the event %1 comes in", "the event %1 has%3 come in", "event %1", "events %1", false, true, "%1 comes in");
static const verb_words_t page_en = V("%2visits %1", "%2has%3 visited %1", "visit to %1", "visits to %1", false, false, "visits %1");

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
/* clang-format on */

const char *
explain_phrase(phrase_t id, lang_id_t lang)
{
    return phrases[id][lang];
}

const verb_words_t *
explain_verb(uint32_t event, lang_id_t lang)
{
    if (event == VERB_WORDS_CUSTOM || event == VERB_WORDS_PAGE) {
        const verb_words_t *custom = lang == LANG_ES ? &custom_es : &custom_en;
        const verb_words_t *page = lang == LANG_ES ? &page_es : &page_en;

        return event == VERB_WORDS_PAGE ? page : custom;
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
