/*
 * The program's commands, a row each in main.c. Each takes what follows the
 * program's name (argv[0] is the command) and returns the exit status:
 * 0 done, 1 mistakes in what was given (rules, failing tests), 2 could not be
 * done (unreadable file, wrong options, no store). --help of each is made by
 * GLib's option parser.
 */

#ifndef SENDA_COMMANDS_H
#define SENDA_COMMANDS_H

int cmd_check(int argc, char **argv);    /* cmd_check.c */
int cmd_explain(int argc, char **argv);  /* cmd_explain.c */
int cmd_draw(int argc, char **argv);     /* cmd_draw.c */
int cmd_test(int argc, char **argv);     /* cmd_test.c */
int cmd_fmt(int argc, char **argv);      /* cmd_fmt.c */
int cmd_words(int argc, char **argv);    /* cmd_words.c */
int cmd_replay(int argc, char **argv);   /* cmd_replay.c */
int cmd_init(int argc, char **argv);     /* cmd_store.c: makes the store's folders */
int cmd_keygen(int argc, char **argv);   /* cmd_keygen.c */
int cmd_publish(int argc, char **argv);  /* cmd_publish.c */
int cmd_run(int argc, char **argv);      /* cmd_run.c */
int cmd_status(int argc, char **argv);   /* cmd_status.c */
int cmd_stop(int argc, char **argv);     /* cmd_status.c */
int cmd_contacts(int argc, char **argv); /* cmd_contacts.c */

#endif
