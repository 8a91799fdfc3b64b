/*
 * LMDB behind verbs. Everything that LMDB wants of its user stands here: one
 * environment a handle, transactions that are kept and renewed instead of made
 * anew, its codes turned into ours. It never copies a value, never uses
 * MDB_WRITEMAP on a file that is not preallocated, and knows nothing of what
 * the bytes mean.
 *
 * How it fails: a full map or disk is SENDA_FULL and the transaction must be
 * aborted; a file that LMDB itself calls damaged is SENDA_BAD (one that it does
 * not notice kills by signal, see senda_store_inside); a map that another
 * process made larger is mapped anew; readers left by dead processes are
 * cleared once when no slot is free; after a failed write of the file's head
 * the environment is opened anew at the next begin.
 */

#include "senda_store.h"

#include "senda_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CATCH_UP_TRIES 100
#define FREE_LISTS     4096 /* records of LMDB's list of free pages that are looked at */

struct senda_txn_s {
    senda_store_t *store;
    MDB_txn *txn; /* a reader's is kept between uses */
    bool write, busy;
    uint64_t writes; /* puts and deletes so far: scans find their place again after one */
};

struct senda_store_s {
    MDB_env *env;
    char *dir;
    senda_store_mode_t mode;
    mode_t file_mode;
    size_t map_size;
    const char *const *names;
    unsigned ntables;
    unsigned newer; /* a reader does without tables from here on */
    unsigned there; /* tables that are */
    unsigned nopen; /* transactions in use */
    MDB_dbi tables[SENDA_STORE_TABLES];
    senda_txn_t writer;
    senda_txn_t readers[SENDA_STORE_READS];
};

struct senda_scan_s {
    MDB_cursor *cursor;
    senda_txn_t *txn;
    bool started;
    uint64_t writes;
    size_t nkey; /* where it stands, kept in write transactions, or where it starts */
    char key[SENDA_STORE_KEY];
};

volatile sig_atomic_t senda_store_inside;
const char *volatile senda_store_dir;

static void
enter(const senda_store_t *s)
{
    senda_store_inside = senda_store_inside + 1;
    senda_store_dir = s->dir;
}

static void
leave(void)
{
    senda_store_inside = senda_store_inside - 1;
}

static senda_rc_t
rc_of(int code)
{
    switch (code) {
    case MDB_SUCCESS:
        return SENDA_OK;
    case MDB_NOTFOUND:
        return SENDA_NONE;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
        return SENDA_FULL;
    case MDB_CORRUPTED:
    case MDB_CURSOR_FULL: /* a tree deeper than can be */
    case MDB_PAGE_FULL:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
        return SENDA_BAD;
    default:
        return SENDA_SYS;
    }
}

static senda_rc_t
fail(const senda_store_t *s, senda_err_t *err, int code, const char *what)
{
    senda_rc_t rc = rc_of(code);

    (void)senda_fail(err, rc, "%s: cannot %s: %s", s->dir, what, mdb_strerror(code));
    return rc;
}

static MDB_val
val_of(senda_str_t s)
{
    return (MDB_val){ s.n, (void *)(uintptr_t)s.p };
}

static senda_str_t
str_of(MDB_val v)
{
    return (senda_str_t){ v.mv_data, v.mv_size };
}

static unsigned
flags_of(senda_store_mode_t mode)
{
    switch (mode) {
    case SENDA_STORE_READ:
        return MDB_NOTLS | MDB_RDONLY;
    case SENDA_STORE_DURABLE:
        return MDB_NOTLS | MDB_NOMETASYNC;
    case SENDA_STORE_MEMORY:
        return MDB_NOTLS | MDB_WRITEMAP | MDB_NOSYNC;
    case SENDA_STORE_SYNC:
    default:
        return MDB_NOTLS;
    }
}

/* The files may be older than this open, or made under another umask; not ours: leave them. */
static void
set_modes(senda_store_t *s, int fd)
{
    char path[4096];
    struct stat st;
    int n = snprintf(path, sizeof(path), "%s/lock.mdb", s->dir);

    if (s->mode != SENDA_STORE_READ && fstat(fd, &st) == 0 &&
        (st.st_mode & 07777) != s->file_mode) {
        (void)fchmod(fd, s->file_mode);
    }
    if (n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 &&
        (st.st_mode & 07777) != s->file_mode) {
        (void)chmod(path, s->file_mode);
    }
}

static senda_rc_t
open_tables(senda_store_t *s, senda_err_t *err)
{
    MDB_txn *txn;
    unsigned create = s->mode == SENDA_STORE_READ ? 0 : MDB_CREATE;
    int dead, code = mdb_txn_begin(s->env, NULL, create == 0 ? MDB_RDONLY : 0, &txn);

    if (code == MDB_READERS_FULL && mdb_reader_check(s->env, &dead) == 0 && dead > 0) {
        code = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
    }
    if (code != 0) {
        return fail(s, err, code, "begin");
    }
    for (s->there = 0; s->there < s->ntables; s->there++) {
        code = mdb_dbi_open(txn, s->names[s->there], create, &s->tables[s->there]);
        if (code == MDB_NOTFOUND && s->newer > 0 && s->there >= s->newer) {
            break;
        }
        if (code != 0) {
            mdb_txn_abort(txn);
            return fail(s, err, code, "open its tables");
        }
    }
    code = mdb_txn_commit(txn); /* a reader's too: it keeps the tables' handles */
    return code == 0 ? SENDA_OK : fail(s, err, code, "make its tables");
}

static void
env_close(senda_store_t *s)
{
    for (unsigned i = 0; i < SENDA_STORE_READS; i++) {
        if (s->readers[i].txn != NULL) {
            mdb_txn_abort(s->readers[i].txn);
            s->readers[i].txn = NULL;
        }
    }
    if (s->env != NULL) {
        mdb_env_close(s->env);
        s->env = NULL;
    }
}

/* Asking for space that is there already would still go through every page of it. */
static int
set_aside(int fd, size_t size)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && (uint64_t)st.st_size >= size &&
        (uint64_t)st.st_blocks * 512 >= (uint64_t)st.st_size) {
        return 0;
    }
    return posix_fallocate(fd, 0, (off_t)size);
}

static senda_rc_t
env_open(senda_store_t *s, senda_err_t *err)
{
    senda_rc_t rc;
    mode_t mask;
    int code, fd = -1;

    code = mdb_env_create(&s->env);
    if (code != 0) {
        s->env = NULL;
        return fail(s, err, code, "open");
    }
    if ((code = mdb_env_set_maxdbs(s->env, SENDA_STORE_TABLES)) == 0 &&
        (code = mdb_env_set_maxreaders(s->env, SENDA_STORE_READERS)) == 0) {
        code = mdb_env_set_mapsize(s->env, s->map_size);
    }
    if (code == 0) {
        mask = umask(0777 & ~s->file_mode); /* no moment in which the other user is refused */
        code = mdb_env_open(s->env, s->dir, flags_of(s->mode), s->file_mode);
        (void)umask(mask);
    }
    if (code == 0) {
        code = mdb_env_get_fd(s->env, &fd);
    }
    if (code != 0) {
        rc = fail(s, err, code, "open");
        if (code == ENOENT && s->mode == SENDA_STORE_READ) {
            rc = SENDA_NONE;
        }
        goto failed;
    }
    set_modes(s, fd);
    if (s->mode == SENDA_STORE_MEMORY) {
        code = set_aside(fd, s->map_size);
        if (code != 0) {
            rc = fail(s, err, code, "set its space aside");
            goto failed;
        }
    }
    rc = open_tables(s, err);
    if (rc != SENDA_OK) {
        goto failed;
    }
    return SENDA_OK;

failed:
    env_close(s);
    return rc;
}

senda_rc_t
senda_store_open(senda_store_t **out, const char *dir, senda_store_mode_t mode, bool private_files,
    size_t map_size, const senda_schema_t *schema, senda_err_t *err)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    senda_store_t *s;
    senda_rc_t rc;

    *out = NULL;
    if (schema->ntables > SENDA_STORE_TABLES) {
        return senda_fail(err, SENDA_SYS, "%s: more than %d tables", dir, SENDA_STORE_TABLES);
    }
    s = calloc(1, sizeof(*s));
    if (s == NULL || (s->dir = strdup(dir)) == NULL) {
        free(s);
        return senda_fail(err, SENDA_SYS, "%s: no memory", dir);
    }
    s->mode = mode;
    s->file_mode = private_files ? 0600 : 0660;
    s->map_size = (map_size + page - 1) / page * page;
    s->names = schema->tables;
    s->ntables = schema->ntables;
    s->newer = schema->newer;
    s->writer = (senda_txn_t){ .store = s, .write = true };
    for (unsigned i = 0; i < SENDA_STORE_READS; i++) {
        s->readers[i].store = s;
    }
    enter(s);
    rc = env_open(s, err);
    leave();
    if (rc != SENDA_OK) {
        free(s->dir);
        free(s);
        return rc;
    }
    *out = s;
    return SENDA_OK;
}

void
senda_store_close(senda_store_t *s)
{
    if (s == NULL) {
        return;
    }
    enter(s);
    if (s->writer.busy) {
        senda_txn_abort(&s->writer);
    }
    for (unsigned i = 0; i < SENDA_STORE_READS; i++) {
        if (s->readers[i].busy) {
            senda_txn_abort(&s->readers[i]);
        }
    }
    env_close(s);
    leave();
    free(s->dir);
    free(s);
}

bool
senda_store_whole(const senda_store_t *s)
{
    return s->there == s->ntables;
}

bool
senda_store_writes(const senda_store_t *s)
{
    return s->mode != SENDA_STORE_READ;
}

uint64_t
senda_store_version(senda_store_t *s)
{
    MDB_envinfo info;
    int code;

    if (s->env == NULL) {
        return 0;
    }
    enter(s);
    code = mdb_env_info(s->env, &info);
    leave();
    return code == 0 ? info.me_last_txnid : 0;
}

uint64_t
senda_txn_version(senda_txn_t *t)
{
    return mdb_txn_id(t->txn);
}

senda_rc_t
senda_store_sync(senda_store_t *s, senda_err_t *err)
{
    int fd;

    if (s->env == NULL || mdb_env_get_fd(s->env, &fd) != 0) {
        return senda_fail(err, SENDA_SYS, "%s: not open", s->dir);
    }
    if (fdatasync(fd) != 0) {
        return senda_fail(err, SENDA_SYS, "%s: cannot sync: %s", s->dir, strerror(errno));
    }
    return SENDA_OK;
}

/* Pages in LMDB's list of free ones: records of table 0 that begin with their number. */
static uint64_t
free_pages(MDB_txn *txn)
{
    MDB_cursor *cursor;
    MDB_val k, v;
    uint64_t sum = 0;
    size_t n;

    if (mdb_cursor_open(txn, 0, &cursor) != 0) {
        return 0;
    }
    for (unsigned i = 0;
         i < FREE_LISTS && mdb_cursor_get(cursor, &k, &v, i == 0 ? MDB_FIRST : MDB_NEXT) == 0;
         i++) {
        if (v.mv_size >= sizeof(n)) {
            memcpy(&n, v.mv_data, sizeof(n));
            sum += n;
        }
    }
    mdb_cursor_close(cursor);
    return sum;
}

uint64_t
senda_store_used(senda_store_t *s)
{
    MDB_envinfo info;
    MDB_stat stat;
    senda_txn_t *t;
    uint64_t pages = 0, unused;

    if (senda_txn_begin(&t, s, false, NULL) != SENDA_OK) {
        return 0;
    }
    if (mdb_env_info(s->env, &info) == 0 && mdb_env_stat(s->env, &stat) == 0) {
        pages = info.me_last_pgno + 1;
        unused = free_pages(t->txn);
        pages = (unused < pages ? pages - unused : 0) * stat.ms_psize;
    }
    senda_txn_abort(t);
    return pages;
}

senda_rc_t
senda_store_copy(senda_store_t *s, const char *path, senda_err_t *err)
{
    int code = EINVAL, fd;

    if (s->env == NULL) {
        return senda_fail(err, SENDA_SYS, "%s: not open", s->dir);
    }
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);
    if (fd < 0) {
        return senda_fail(err, SENDA_SYS, "%s: cannot make: %s", path, strerror(errno));
    }
    enter(s);
    code = mdb_env_copyfd2(s->env, fd, MDB_CP_COMPACT);
    leave();
    if (code == 0 && fdatasync(fd) != 0) {
        code = errno;
    }
    if (close(fd) != 0 && code == 0) {
        code = errno;
    }
    if (code != 0) {
        (void)unlink(path);
        return fail(s, err, code, "be copied");
    }
    return SENDA_OK;
}

unsigned
senda_store_clear_readers(senda_store_t *s)
{
    int dead = 0;

    if (s->env == NULL) {
        return 0;
    }
    enter(s);
    if (mdb_reader_check(s->env, &dead) != 0) {
        dead = 0;
    }
    leave();
    return (unsigned)dead;
}

static int
start(senda_txn_t *t)
{
    if (t->write) {
        return mdb_txn_begin(t->store->env, NULL, 0, &t->txn);
    }
    if (t->txn != NULL) {
        return mdb_txn_renew(t->txn);
    }
    return mdb_txn_begin(t->store->env, NULL, MDB_RDONLY, &t->txn);
}

/* Another process has made the map larger: kept readers go, then the new size is taken over. */
static int
map_again(senda_store_t *s)
{
    for (unsigned i = 0; i < SENDA_STORE_READS; i++) {
        if (s->readers[i].txn != NULL) {
            mdb_txn_abort(s->readers[i].txn);
            s->readers[i].txn = NULL;
        }
    }
    return mdb_env_set_mapsize(s->env, 0);
}

/*
 * A writer changes the file a moment before it lets readers see the change.
 * Who was woken by the file's change waits for that, but not for ever: the
 * writer may have died in between (the next one then sets it right).
 */
static int
catch_up(senda_txn_t *t)
{
    int code = 0;

    for (int i = 0; code == 0 && i < CATCH_UP_TRIES; i++) {
        if (mdb_txn_id(t->txn) >= senda_store_version(t->store)) {
            break;
        }
        (void)sched_yield();
        mdb_txn_reset(t->txn);
        code = mdb_txn_renew(t->txn);
    }
    return code;
}

/* LMDB gave the environment up: it is opened anew, the kept readers with it. */
static senda_rc_t
open_again(senda_store_t *s, senda_err_t *err)
{
    senda_rc_t rc;

    env_close(s);
    rc = env_open(s, err);
    return rc == SENDA_NONE ? SENDA_SYS : rc;
}

/* start, and once more after what can be mended. */
static senda_rc_t
begin(senda_txn_t *t, senda_err_t *err)
{
    senda_store_t *s = t->store;
    int dead, code = s->env == NULL ? MDB_PANIC : start(t);

    if (code == MDB_PANIC && s->nopen == 0) {
        senda_rc_t rc = open_again(s, err);

        if (rc != SENDA_OK) {
            return rc;
        }
        code = start(t);
    } else if (code == MDB_MAP_RESIZED && s->nopen == 0) {
        code = map_again(s);
        code = code == 0 ? start(t) : code;
    } else if (code == MDB_READERS_FULL && mdb_reader_check(s->env, &dead) == 0 && dead > 0) {
        code = start(t);
    }
    if (code == 0 && !t->write) {
        code = catch_up(t);
    }
    return code == 0 ? SENDA_OK : fail(s, err, code, "begin");
}

senda_rc_t
senda_txn_begin(senda_txn_t **out, senda_store_t *s, bool write, senda_err_t *err)
{
    senda_txn_t *t = write ? &s->writer : s->readers;
    senda_rc_t rc;

    *out = NULL;
    while (!write && t->busy && t < s->readers + SENDA_STORE_READS - 1) {
        t++;
    }
    if (t->busy) {
        (void)senda_fail(err, SENDA_SYS, "%s: too many transactions at once", s->dir);
        return SENDA_SYS;
    }
    enter(s);
    rc = begin(t, err);
    if (rc != SENDA_OK) {
        leave();
        return rc;
    }
    t->busy = true;
    t->writes = 0;
    s->nopen++;
    *out = t;
    return SENDA_OK; /* still inside: left when the transaction ends */
}

static void
ended(senda_txn_t *t)
{
    if (t->write) {
        t->txn = NULL;
    }
    t->busy = false;
    t->store->nopen--;
    leave();
}

senda_rc_t
senda_txn_commit(senda_txn_t *t, senda_err_t *err)
{
    int code = 0;

    senda_store_dir = t->store->dir;
    if (t->write) {
        code = mdb_txn_commit(t->txn);
    } else {
        mdb_txn_reset(t->txn);
    }
    ended(t);
    return code == 0 ? SENDA_OK : fail(t->store, err, code, "commit");
}

void
senda_txn_abort(senda_txn_t *t)
{
    if (t == NULL) {
        return;
    }
    if (t->write) {
        mdb_txn_abort(t->txn);
    } else {
        mdb_txn_reset(t->txn);
    }
    ended(t);
}

senda_rc_t
senda_get(senda_txn_t *t, unsigned table, senda_str_t key, senda_str_t *value)
{
    MDB_val k = val_of(key), v = { 0, NULL };
    int code;

    *value = (senda_str_t){ NULL, 0 };
    if (key.n == 0 || key.n > SENDA_STORE_KEY || table >= t->store->there) {
        return SENDA_NONE;
    }
    senda_store_dir = t->store->dir;
    code = mdb_get(t->txn, t->store->tables[table], &k, &v);
    if (code == 0) {
        *value = str_of(v);
        return SENDA_OK;
    }
    return rc_of(code);
}

senda_rc_t
senda_put(senda_txn_t *t, unsigned table, senda_str_t key, senda_str_t value, bool append,
    senda_err_t *err)
{
    MDB_val k = val_of(key), v = val_of(value);
    int code;

    senda_store_dir = t->store->dir;
    code = mdb_put(t->txn, t->store->tables[table], &k, &v, append ? MDB_APPEND : 0);
    t->writes++;
    if (code == MDB_KEYEXIST) {
        return senda_fail(err, SENDA_SYS, "%s: a key to append is not the greatest", t->store->dir);
    }
    return code == 0 ? SENDA_OK : fail(t->store, err, code, "put");
}

senda_rc_t
senda_del(senda_txn_t *t, unsigned table, senda_str_t key, senda_err_t *err)
{
    MDB_val k = val_of(key);
    int code;

    if (key.n == 0 || key.n > SENDA_STORE_KEY) {
        return SENDA_NONE;
    }
    code = mdb_del(t->txn, t->store->tables[table], &k, NULL);
    t->writes++;
    return code == 0 || code == MDB_NOTFOUND ? rc_of(code) : fail(t->store, err, code, "delete");
}

senda_rc_t
senda_scan_begin(senda_scan_t **out, senda_txn_t *t, unsigned table, senda_str_t from)
{
    senda_scan_t *scan;
    int code;

    *out = NULL;
    if (table >= t->store->there) {
        return SENDA_NONE;
    }
    if (from.n > SENDA_STORE_KEY || (scan = calloc(1, sizeof(*scan))) == NULL) {
        return SENDA_SYS;
    }
    code = mdb_cursor_open(t->txn, t->store->tables[table], &scan->cursor);
    if (code != 0) {
        free(scan);
        return rc_of(code);
    }
    scan->txn = t;
    scan->nkey = from.n;
    if (from.n > 0) {
        memcpy(scan->key, from.p, from.n);
    }
    *out = scan;
    return SENDA_OK;
}

/* Moves on. After a write the cursor's place is not to be trusted: it is looked up again. */
static int
advance(senda_scan_t *scan, MDB_val *k, MDB_val *v)
{
    int code;

    if (scan->started && scan->writes == scan->txn->writes) {
        return mdb_cursor_get(scan->cursor, k, v, MDB_NEXT);
    }
    *k = (MDB_val){ scan->nkey, scan->key };
    code = mdb_cursor_get(scan->cursor, k, v, scan->nkey > 0 ? MDB_SET_RANGE : MDB_FIRST);
    if (code == 0 && scan->started && k->mv_size == scan->nkey &&
        memcmp(k->mv_data, scan->key, scan->nkey) == 0) {
        code = mdb_cursor_get(scan->cursor, k, v, MDB_NEXT);
    }
    return code;
}

senda_rc_t
senda_scan_next(senda_scan_t *scan, senda_str_t *key, senda_str_t *value)
{
    MDB_val k, v;
    int code = advance(scan, &k, &v);

    if (code != 0) {
        *key = *value = (senda_str_t){ NULL, 0 };
        return rc_of(code);
    }
    scan->started = true;
    scan->writes = scan->txn->writes;
    if (scan->txn->write) {
        scan->nkey = k.mv_size;
        memcpy(scan->key, k.mv_data, k.mv_size);
    }
    *key = str_of(k);
    *value = str_of(v);
    return SENDA_OK;
}

void
senda_scan_end(senda_scan_t *scan)
{
    if (scan != NULL) {
        mdb_cursor_close(scan->cursor);
        free(scan);
    }
}

/* The cursor on the last key <= at. */
static int
seek_last(MDB_cursor *cursor, senda_str_t at, MDB_val *k, MDB_val *v)
{
    int code;

    if (at.n == 0) {
        return mdb_cursor_get(cursor, k, v, MDB_LAST);
    }
    *k = val_of(at);
    code = mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) {
        return mdb_cursor_get(cursor, k, v, MDB_LAST);
    }
    if (code == 0 && (k->mv_size != at.n || memcmp(k->mv_data, at.p, at.n) != 0)) {
        return mdb_cursor_get(cursor, k, v, MDB_PREV);
    }
    return code;
}

senda_rc_t
senda_get_last(senda_txn_t *t, unsigned table, senda_str_t at, senda_str_t *key, senda_str_t *value)
{
    MDB_cursor *cursor;
    MDB_val k, v;
    int code;

    *key = *value = (senda_str_t){ NULL, 0 };
    if (table >= t->store->there) {
        return SENDA_NONE;
    }
    code = mdb_cursor_open(t->txn, t->store->tables[table], &cursor);
    if (code != 0) {
        return rc_of(code);
    }
    code = seek_last(cursor, at, &k, &v);
    mdb_cursor_close(cursor);
    if (code != 0) {
        return rc_of(code);
    }
    *key = str_of(k);
    *value = str_of(v);
    return SENDA_OK;
}

uint64_t
senda_count(senda_txn_t *t, unsigned table)
{
    MDB_stat stat;

    return table < t->store->there && mdb_stat(t->txn, t->store->tables[table], &stat) == 0
        ? stat.ms_entries
        : 0;
}
