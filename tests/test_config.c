/* senda.conf: what it takes, and what it says of mistakes. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <glib.h>
#include <stdio.h>

#include "config.h"

#define GOOD                                          \
    "# a comment\n"                                   \
    "store   /var/lib/senda   # where\n"              \
    "key     keys/sidecar.key\n"                      \
    "rules   ../rules\n"                              \
    "messages messages\n"                             \
    "from    \"Zapatería # 1 <hola@example.com>\"\n" \
    "unsubscribe baja@example.com\n"                  \
    "channel email maildir:mail\n"

static senda_rc_t
parse(config_t *c, const char *text, senda_err_t *err)
{
    return config_parse(c, "/etc/senda/senda.conf", senda_cstr(text), err);
}

static void
test_good(void **state)
{
    config_t c;
    senda_err_t err = { "" };

    (void)state;
    assert_int_equal(parse(&c, GOOD, &err), SENDA_OK);
    assert_string_equal(c.store, "/var/lib/senda");
    assert_string_equal(c.key, "/etc/senda/keys/sidecar.key");
    assert_string_equal(c.rules, "/etc/rules");
    assert_string_equal(c.messages, "/etc/senda/messages");
    assert_string_equal(c.from, "Zapatería # 1 <hola@example.com>");
    assert_string_equal(c.unsubscribe, "baja@example.com");
    assert_string_equal(c.channel_email, "maildir:/etc/senda/mail");
    assert_string_equal(c.socket, "/var/lib/senda/state/senda.sock");
    assert_null(c.postal);
    assert_int_equal(config_complete(&c, &err), SENDA_OK);
    config_free(&c);
}

static void
test_smtp_stays_as_it_is(void **state)
{
    config_t c;
    senda_err_t err = { "" };

    (void)state;
    assert_int_equal(parse(&c, "store s\nchannel email smtp://u:p%23@mx:587\nsocket run/x\n", &err),
        SENDA_OK);
    assert_string_equal(c.channel_email, "smtp://u:p%23@mx:587");
    assert_string_equal(c.socket, "/etc/senda/run/x");
    assert_int_equal(config_complete(&c, &err), SENDA_BAD);
    assert_string_equal(err.text,
        "/etc/senda/senda.conf: \"key\" is missing; for example: "
        "key /etc/senda/sidecar.key");
    config_free(&c);
}

static void
test_mistakes(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "store a\nstor b\n",
            "/etc/senda/senda.conf:2: \"stor\" is no setting; they are store, key, "
            "rules, messages, from, unsubscribe, postal, site_url, channel, socket, endpoint, "
            "opens, pages" },
        { "store a\n\nstore b\n", "/etc/senda/senda.conf:3: \"store\" was set already" },
        { "store\n",
            "/etc/senda/senda.conf:1: \"store\" needs a value; for example: store "
            "/var/lib/senda" },
        { "store # x\n",
            "/etc/senda/senda.conf:1: \"store\" needs a value; for example: store "
            "/var/lib/senda" },
        { "store \"a\n",
            "/etc/senda/senda.conf:1: a quote too few or too many; for example: store "
            "/var/lib/senda" },
        { "channel sms x\n",
            "/etc/senda/senda.conf:1: \"sms x\" is no value for \"channel\"; for "
            "example: channel email maildir:/var/lib/senda/mail" },
        { "channel email ftp://x\n",
            "/etc/senda/senda.conf:1: \"email ftp://x\" is no value for "
            "\"channel\"; for example: channel email maildir:/var/lib/senda/mail" },
        { "channel email smpt://user:secret@x\n",
            "/etc/senda/senda.conf:1: \"email smpt:...\" is no value for "
            "\"channel\"; for example: channel email maildir:/var/lib/senda/mail" },
        { "channel email maildir:\n",
            "/etc/senda/senda.conf:1: \"email maildir:\" is no value for "
            "\"channel\"; for example: channel email maildir:/var/lib/senda/mail" },
        { "site_url shop.example.com\n",
            "/etc/senda/senda.conf:1: \"shop.example.com\" is no value "
            "for \"site_url\"; for example: site_url https://shop.example.com" },
        { "key k\n",
            "/etc/senda/senda.conf: \"store\" is missing; for example: store "
            "/var/lib/senda" },
        { "", "/etc/senda/senda.conf: \"store\" is missing; for example: store /var/lib/senda" },
        { "store \xff\n",
            "/etc/senda/senda.conf: not a text file in UTF-8 of at most 65536 bytes" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        config_t c;
        senda_err_t err = { "" };

        assert_int_equal(parse(&c, cases[i].text, &err), SENDA_BAD);
        assert_string_equal(err.text, cases[i].says);
    }
}

static void
test_no_file(void **state)
{
    config_t c;
    senda_err_t err = { "" };

    (void)state;
    assert_int_equal(config_read(&c, "/nonexistent/senda.conf", &err), SENDA_SYS);
    assert_non_null(strstr(err.text, "/nonexistent/senda.conf"));
}

static void
test_own_sample_loads(void **state)
{
    config_t c;
    senda_err_t err = { "" };

    (void)state;
    assert_int_equal(config_read(&c, "conf/senda.conf", &err), SENDA_OK);
    assert_int_equal(config_complete(&c, &err), SENDA_OK);
    config_free(&c);
}

static void
note(void *ctx, const char *text)
{
    GString *all = ctx;

    g_string_append_printf(all, "%s\n", strstr(text, "senda-every"));
}

static void
test_every_mistake(void **state)
{
    static const char text[] = "store s\ncolour red\nkey k\nstore t\nrules\nmessages m\n"
                               "channel email fax:1\n";
    char *file = g_build_filename(g_get_tmp_dir(), "senda-every-mistake.conf", NULL);
    GString *all = g_string_new(NULL);
    config_t c;
    senda_err_t err = { "" };

    (void)state;
    assert_true(g_file_set_contents(file, text, -1, NULL));
    assert_int_equal(config_check(&c, file, note, all, &err), SENDA_BAD);
    assert_true(g_str_has_prefix(all->str, "senda-every-mistake.conf:2: "));
    assert_non_null(strstr(all->str, "\nsenda-every-mistake.conf:4: \"store\" was set already\n"));
    assert_non_null(strstr(all->str, "\nsenda-every-mistake.conf:5: \"rules\" needs a value"));
    assert_non_null(strstr(all->str, ":7: \"email fax:1\" is no value for \"channel\""));
    assert_non_null(strstr(all->str, "\nsenda-every-mistake.conf: \"from\" is missing"));
    assert_null(strstr(all->str, "\"rules\" is missing"));
    assert_int_equal(config_line(&c, "key"), 3);
    assert_int_equal(config_line(&c, "postal"), 0);
    assert_int_equal(config_line(&c, "colour"), 0);
    assert_true(g_str_has_suffix(c.store, "/s"));
    config_free(&c);
    assert_int_equal(config_check(&c, "conf/senda.conf", note, all, &err), SENDA_OK);
    config_free(&c);
    assert_int_equal(config_check(&c, "conf/none.conf", note, all, &err), SENDA_SYS);
    (void)remove(file);
    g_free(file);
    g_string_free(all, TRUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_smtp_stays_as_it_is),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_own_sample_loads),
        cmocka_unit_test(test_every_mistake),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
