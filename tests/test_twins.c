/*
 * Every sentence of the language in Spanish and in English: both are the same
 * program, and not the program of the file without it.
 */

#include "compiled.h"
#include "program_dump.h"

/* Names for the sentences to speak of. */
static const char prelude[] =
    "page producto /producto/{item} is view_item\n"
    "page cesta /cesta is view_cart\n"
    "page registro POST /registro form email={email} nombre={name} talla={talla} is sign_up\n"
    "page gracias /gracias?order={order}&total={total} is purchase\n"
    "page busqueda /busqueda?q={q} is search\n"
    "event envio from api with order text, peso number\n"
    "place tienda 40.4168, -3.7038 radius 300 m\n"
    "field talla number\nfield cumple date\nfield interes text\n"
    "tag vip when buys 2 times\n"
    "stage fan if score >= 50\n"
    "segment fieles = buys 3 times within 6 months\n"
    "show banner in header\n"
    "flow otro\n  start when logs in\n  again never\n  stop if buys\n"
    "  coupon HOLA10 valid 7 days\n  credit 27 EUR\n  gift CALCETINES\n"
    "  notify ana@example.com\n  call https://crm.example.com/fan\n"
    "  send email carta or sms carta\n";

typedef struct {
    const char *es, *en;
} twin_t;

static const twin_t statements[] = {
    { "página baja /baja?m={m} formulario correo={email} tel={phone} ok={consent}",
        "page baja /baja?m={m} form correo={email} tel={phone} ok={consent}" },
    { "evento recogida desde api con order texto, peso número, dia fecha",
        "event recogida from api with order text, peso number, dia date" },
    { "campo altura número", "field altura number" },
    { "campo boda fecha", "field boda date" },
    { "campo color texto", "field color text" },
    { "lugar almacen 41.3874, 2.1686 radio 2 km", "place almacen 41.3874, 2.1686 radius 2 km" },
    { "límite sms 2 por semana", "limit sms 2 per week" },
    { "límite email 1 por día", "limit email 1 per day" },
    { "límite push 9 por mes", "limit push 9 per month" },
    { "silencio 21:00-09:00", "quiet hours 21:00-09:00" },
    { "grupo de control 12.5%", "control group 12.5%" },
    { "etapa nuevo si puntos < 10", "stage nuevo if score < 10" },
    { "muestra bloque en pie", "show bloque in pie" },
    { "muestra bloque en pie si no tiene email", "show bloque in pie if has no email" },
    { "etiqueta t cuando compra durante 90 días", "tag t when buys for 90 days" },
    { "puntos +15 cuando compra 3 veces en 6 meses una vez",
        "score +15 when buys 3 times within 6 months once" },
    { "puntos -5 cuando no visita en 60 días cada 60 días",
        "score -5 when not visits within 60 days each 60 days" },
    { "puntos +1 cuando abre email o hace clic", "score +1 when opens email or clicks" },
};

/* Of a `when`. */
static const twin_t happenings[] = {
    { "visita", "visits" },
    { "visita cesta", "visits cesta" },
    { "visita /oferta/*", "visits /oferta/*" },
    { "visita cesta más de 3 veces en 7 días", "visits cesta more than 3 times within 7 days" },
    { "visita cesta al menos 2 veces", "visits cesta at least 2 times" },
    { "elige un producto", "selects an item" },
    { "ve un producto", "views an item" },
    { "ve una lista", "views a list" },
    { "busca", "searches" },
    { "busca entre las 5 más frecuentes", "searches among the 5 most frequent" },
    { "añade a la cesta", "adds to cart" },
    { "quita de la cesta", "removes from cart" },
    { "añade a deseos", "adds to wishlist" },
    { "ve la cesta", "views cart" },
    { "empieza el pago", "begins checkout" },
    { "da sus datos de envío", "gives shipping details" },
    { "da sus datos de pago", "gives payment details" },
    { "elige una promoción", "selects a promotion" },
    { "compra", "buys" },
    { "compra con total > 100 EUR", "buys with total > 100 EUR" },
    { "envio con order = \"A-1\", peso <= 2", "envio with order = \"A-1\", peso <= 2" },
    { "devuelve", "is refunded" },
    { "se registra", "signs up" },
    { "inicia sesión", "logs in" },
    { "pasa más de 3 minutos en producto", "spends more than 3 minutes on producto" },
    { "vuelve tras 60 días", "returns after 60 days" },
    { "llega a tienda", "arrives at tienda" },
    { "recibe carta", "gets carta" },
    { "abre email carta", "opens email carta" },
    { "hace clic", "clicks" },
    { "visita cesta y luego visita gracias", "visits cesta and then visits gracias" },
    { "visita producto del mismo item 3 veces", "visits producto of the same item 3 times" },
    { "visita producto de 3 item distintos", "visits producto of 3 different item" },
    { "visita producto de más de 3 item distintos",
        "visits producto of more than 3 different item" },
    { "visita en 3 días distintos", "visits on 3 different days" },
    { "visita cesta y no compra en 1 hora", "visits cesta and not buys within 1 hour" },
    { "no visita en 60 días", "not visits within 60 days" },
    { "recibe etiqueta vip", "gets tag vip" },
    { "recibe etiqueta vip y no compra en 2 días", "gets tag vip and not buys within 2 days" },
    { "entra en fieles", "enters fieles" },
    { "puntos >= 30", "score >= 30" },
    { "total de compra > 300 EUR en 12 meses", "total of purchase > 300 EUR within 12 months" },
    { "compra o se registra", "buys or signs up" },
};

/* Of an `if`. */
static const twin_t conditions[] = {
    { "no compra", "not buys" },
    { "compra y (busca o no visita cesta)", "buys and (searches or not visits cesta)" },
    { "compra desde el inicio", "buys since start" },
    { "compra exactamente 1 vez", "buys exactly 1 time" },
    { "compra del mismo item", "buys of the same item" },
    { "total de compra > 1000 EUR en 1 día", "total of purchase > 1000 EUR within 1 day" },
    { "última compra hace más de 3 meses", "last purchase more than 3 months ago" },
    { "última compra hace menos de 3 meses", "last purchase less than 3 months ago" },
    { "primera visita cesta hace más de 1 año", "first visit cesta more than 1 year ago" },
    { "puntos < 10", "score < 10" },
    { "etapa fan", "stage fan" },
    { "etiqueta vip", "tag vip" },
    { "no tiene etiqueta vip", "has no tag vip" },
    { "en fieles", "in fieles" },
    { "interes = \"running\"", "interes = \"running\"" },
    { "talla >= 38", "talla >= 38" },
    { "cumple < 1990-02-28", "cumple < 1990-02-28" },
    { "tiene email", "has email" },
    { "tiene teléfono", "has phone" },
    { "no tiene webpush", "has no webpush" },
    { "acepta push", "consents to push" },
    { "recibe carta en 30 días", "gets carta within 30 days" },
};

/* Lines of a flow but for its steps, one at a time beside a start and a step. */
static const twin_t flow_lines[] = {
    { "empieza cada día a las 10:00 para fieles", "start every day at 10:00 for fieles" },
    { "empieza el 2027-01-07 a las 10:00 para fieles o etiqueta vip",
        "start on 2027-01-07 at 10:00 for fieles or tag vip" },
    { "empieza en la fecha cumple a las 09:30", "start on the date cumple at 09:30" },
    { "empieza en la fecha cumple", "start on the date cumple" },
    { "repite tras 7 días", "again after 7 days" },
    { "repite siempre", "again always" },
    { "repite por cada order", "again for each order" },
    { "solo si compra en 30 días", "only if buys within 30 days" },
    { "termina si compra o visita cesta", "stop if buys or visits cesta" },
    { "objetivo compra en 5 días", "goal buys within 5 days" },
};

static const twin_t steps[] = {
    { "  espera 1 día", "  wait 1 day" },
    { "  espera hasta 10:00", "  wait until 10:00" },
    { "  espera hasta las 10:00 de lunes a viernes", "  wait until 10:00 from monday to friday" },
    { "  espera hasta 10:00 los lunes, miércoles y viernes",
        "  wait until 10:00 on monday, wednesday and friday" },
    { "  espera hasta compra máximo 14 días", "  wait until buys at most 14 days" },
    { "  envía push carta o webpush carta o email carta",
        "  send push carta or webpush carta or email carta" },
    { "  cupón OTRO válido 24 horas", "  coupon OTRO valid 24 hours" },
    { "  cupón OTRO", "  coupon OTRO" },
    { "  abona 12.50 EUR válido 90 días", "  credit 12.50 EUR valid 90 days" },
    { "  regala GORRA válido 15 días", "  gift GORRA valid 15 days" },
    { "  recomienda 4 últimos vistos", "  recommend 4 last viewed" },
    { "  recomienda 4 más vendidos", "  recommend 4 best sellers" },
    { "  recomienda 4 más vendidos de producto", "  recommend 4 best sellers of producto" },
    { "  recomienda 4 más vendidos de /botas/*", "  recommend 4 best sellers of /botas/*" },
    { "  recomienda 4 comprados con item", "  recommend 4 bought with item" },
    { "  recomienda 4 relacionados con item", "  recommend 4 related to item" },
    { "  recomienda 2 superiores a item", "  recommend 2 above item" },
    { "  recomienda 4 novedades", "  recommend 4 new arrivals" },
    { "  recomienda 4 de las categorías vistas", "  recommend 4 from the categories viewed" },
    { "  recomienda 4 resultados de q", "  recommend 4 results for q" },
    { "  exige existencias", "  require stock" },
    { "  etiqueta cliente", "  tag cliente" },
    { "  quita etiqueta vip", "  untag vip" },
    { "  puntos +5", "  score +5" },
    { "  puntos -3", "  score -3" },
    { "  pon talla 38", "  set talla 38" },
    { "  pon interes = \"correr\"", "  set interes = \"correr\"" },
    { "  llama https://crm.example.com/otra", "  call https://crm.example.com/otra" },
    { "  avisa tienda@example.com", "  notify tienda@example.com" },
    { "  pasa a otro", "  enter otro" },
    { "  deja otro", "  leave otro" },
    { "  sal", "  exit" },
    { "  si compra\n    sal\n  si no\n    puntos 1\n  fin",
        "  if buys\n    exit\n  else\n    score 1\n  end" },
    { "  reparte\n    50% envía email carta\n    25%\n      espera 1 día\n      sal\n  fin",
        "  split\n    50% send email carta\n    25%\n      wait 1 day\n      exit\n  end" },
};

static const twin_t test_lines[] = {
    { "contacto eva@example.com con talla=38 interes=\"correr mucho\"",
        "contact eva@example.com with talla=38 interes=\"correr mucho\"" },
    { "visita /cesta 2 veces a las 9:30 del día 2", "visit /cesta 2 times at 9:30 on day 2" },
    { "visita POST /registro con email=eva@example.com talla=38",
        "visit POST /registro with email=eva@example.com talla=38" },
    { "compra con total=59.90 item=rojo-37 a las 12:00",
        "buys with total=59.90 item=rojo-37 at 12:00" },
    { "envio con order=7", "envio with order=7" },
    { "abre email carta a las 12:00", "opens email carta at 12:00" },
    { "hace clic en carta", "clicks carta" },
    { "recibe email carta a las 11:00 del día 2", "gets email carta at 11:00 on day 2" },
    { "recibe email carta con recomendaciones", "gets email carta with recommendations" },
    { "recibe email carta con recomendaciones a las 11:00",
        "gets email carta at 11:00 with recommendations" },
    { "no recibe sms carta", "never gets sms carta" },
    { "no recibe sms carta a las 11:00 del día 4", "never gets sms carta at 11:00 on day 4" },
    { "contacto +34600111222 con talla=38", "contact +34600111222 with talla=38" },
    { "visita POST /registro con nombre=si talla=38",
        "visit POST /registro with nombre=si talla=38" },
    { "recibe cupón HOLA10 a las 11:00", "gets coupon HOLA10 at 11:00" },
    { "recibe abono 27 EUR", "gets credit 27 EUR" },
    { "no recibe regalo CALCETINES", "never gets gift CALCETINES" },
    { "tiene etiqueta vip", "has tag vip" },
    { "no tiene etiqueta vip", "has no tag vip" },
    { "se cumple puntos >= 15 y fieles a las 10:00 del día 3",
        "expect score >= 15 and fieles at 10:00 on day 3" },
    { "no se cumple visita /baja/*", "expect not visits /baja/*" },
    { "avisa ana@example.com", "notifies ana@example.com" },
    { "no avisa ana@example.com", "never notifies ana@example.com" },
    { "llama https://crm.example.com/fan", "calls https://crm.example.com/fan" },
    { "no llama https://crm.example.com/fan", "never calls https://crm.example.com/fan" },
    { "muestra banner", "shows banner" },
    { "no muestra banner", "does not show banner" },
    { "agotado rojo-37", "sold out rojo-37" },
    { "hay existencias de rojo-37", "in stock rojo-37" },
};

static char *
dump_of(const char *before, const char *line, const char *after)
{
    char *text = g_strdup_printf("%s%s%s\n%s", prelude, before, line, after), *dump;
    made_t m = make(text);

    dump = dump_program(m.program);
    done(m);
    g_free(text);
    return dump;
}

/*
 * Each twin between two texts says the same in both languages, and something
 * else than every other; alone: what stands there without a sentence.
 */
static void
each_twin(const twin_t *twins, size_t n, const char *before, const char *after, const char *alone)
{
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    if (alone != NULL) {
        g_hash_table_insert(seen, dump_of(before, alone, after), (gpointer)alone);
    }
    for (size_t i = 0; i < n; i++) {
        char *es = dump_of(before, twins[i].es, after), *en = dump_of(before, twins[i].en, after);
        const char *other = g_hash_table_lookup(seen, en);

        if (strcmp(es, en) != 0) {
            fail_msg("%s: means another thing than %s", twins[i].es, twins[i].en);
        }
        if (other != NULL) {
            fail_msg("%s: means the same as %s", twins[i].en, other);
        }
        g_hash_table_insert(seen, en, (gpointer)twins[i].en);
        g_free(es);
    }
    g_hash_table_unref(seen);
}

static void
statements_are_twins(void **state)
{
    (void)state;
    each_twin(statements, G_N_ELEMENTS(statements), "", "", "");
}

static void
happenings_are_twins(void **state)
{
    (void)state;
    each_twin(happenings, G_N_ELEMENTS(happenings), "tag t when ", "", NULL);
    each_twin(happenings, G_N_ELEMENTS(happenings), "flow f\n  start when ",
        "  again never\n  send email carta\n", NULL);
}

static void
conditions_are_twins(void **state)
{
    static const char flow[] = "flow f\n  start when logs in\n  again never\n";
    char *after_start = g_strdup_printf("%s  if ", flow);
    char *at_start = g_strdup_printf("%s  only if ", flow);

    (void)state;
    each_twin(conditions, G_N_ELEMENTS(conditions), after_start, "    send email carta\n  end\n",
        NULL);
    g_free(after_start);
    each_twin(conditions, 1, at_start, "  send email carta\n", NULL);
    g_free(at_start);
}

static void
lines_of_flows_are_twins(void **state)
{
    (void)state;
    each_twin(flow_lines, G_N_ELEMENTS(flow_lines), "flow f\n  start when logs in\n  ",
        "  send email carta\n", "again never");
}

static void
steps_are_twins(void **state)
{
    (void)state;
    each_twin(steps, G_N_ELEMENTS(steps), "flow f\n  start when logs in\n  again never\n",
        "  send email carta\n", "");
}

static void
lines_of_tests_are_twins(void **state)
{
    (void)state;
    each_twin(test_lines, G_N_ELEMENTS(test_lines), "test t\n  ", "  has no tag vip\n",
        "has no tag vip\n  has no tag vip\n  has no tag vip");
}

/* Other words for the same. */
static void
synonyms(void **state)
{
    static const twin_t same[] = {
        { "not buys", "nunca compra" },
        { "tag vip", "tiene etiqueta vip" },
        { "tag vip", "tiene la etiqueta vip" },
        { "in fieles", "fieles" },
        { "not tag vip", "no tiene etiqueta vip" },
        { "not has email", "no tiene email" },
        { "buys", "purchase" },
        { "opens email", "abre correo" },
        { "buys more than 2 times", "buys at least 3 times" },
    };
    static const char flow[] = "flow f\n  start when logs in\n  again never\n  ";
    char *before = g_strdup_printf("%sif ", flow), *a, *b;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        a = dump_of(before, same[i].es, "    send email carta\n  end\n");
        b = dump_of(before, same[i].en, "    send email carta\n  end\n");
        if (strcmp(a, b) != 0) {
            fail_msg("%s: means another thing than %s", same[i].es, same[i].en);
        }
        g_free(a);
        g_free(b);
    }
    a = dump_of(flow, "wait until 10:00 on weekdays", "  send email carta\n");
    b = dump_of(flow, "espera hasta 10:00 de lunes a viernes", "  send email carta\n");
    assert_string_equal(a, b);
    g_free(a);
    g_free(b);
    g_free(before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_are_twins),
        cmocka_unit_test(happenings_are_twins),
        cmocka_unit_test(conditions_are_twins),
        cmocka_unit_test(lines_of_flows_are_twins),
        cmocka_unit_test(steps_are_twins),
        cmocka_unit_test(lines_of_tests_are_twins),
        cmocka_unit_test(synonyms),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
