#include "CPostgres.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#else
#include <postgresql/libpq-fe.h>
#endif
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// ---- The library ----

static struct {
    PGconn *(*connectdb)(const char *);
    ConnStatusType (*status)(const PGconn *);
    PGTransactionStatusType (*transaction_status)(const PGconn *);
    char *(*error_message)(const PGconn *);
    void (*finish)(PGconn *);
    PGresult *(*exec)(PGconn *, const char *);
    PGresult *(*exec_params)(PGconn *, const char *, int, const Oid *, const char *const *,
        const int *, const int *, int);
    int (*send_prepare)(PGconn *, const char *, const char *, int, const Oid *);
    int (*send_prepared)(PGconn *, const char *, int, const char *const *, const int *,
        const int *, int);
    int (*send_params)(PGconn *, const char *, int, const Oid *, const char *const *,
        const int *, const int *, int);
    int (*enter_pipeline)(PGconn *);
    int (*exit_pipeline)(PGconn *);
    int (*pipeline_sync)(PGconn *);
    PGresult *(*get_result)(PGconn *);
    ExecStatusType (*result_status)(const PGresult *);
    char *(*result_error_field)(const PGresult *, int);
    char *(*result_error_message)(const PGresult *);
    char *(*cmd_tuples)(PGresult *);
    int (*ntuples)(const PGresult *);
    int (*nfields)(const PGresult *);
    char *(*fname)(const PGresult *, int);
    Oid (*ftype)(const PGresult *, int);
    int (*getisnull)(const PGresult *, int, int);
    char *(*getvalue)(const PGresult *, int, int);
    int (*getlength)(const PGresult *, int, int);
    void (*clear)(PGresult *);
    int (*socket)(const PGconn *);
    int (*consume_input)(PGconn *);
    PGnotify *(*notifies)(PGconn *);
    void (*freemem)(void *);
    void (*set_notice_processor)(PGconn *, PQnoticeProcessor, void *);
} pq;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char failure[256];

static bool find(void *library, const char *name, void *place) {
    void *symbol = dlsym(library, name);
    if (symbol == NULL) {
        snprintf(failure, sizeof failure, "libpq.so.5 has no %s", name);
        return false;
    }
    memcpy(place, &symbol, sizeof symbol);
    return true;
}

static void load(void) {
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(failure, sizeof failure, "%s", dlerror());
        return;
    }
    (void)(find(library, "PQconnectdb", &pq.connectdb) &&
        find(library, "PQstatus", &pq.status) &&
        find(library, "PQtransactionStatus", &pq.transaction_status) &&
        find(library, "PQerrorMessage", &pq.error_message) &&
        find(library, "PQfinish", &pq.finish) && find(library, "PQexec", &pq.exec) &&
        find(library, "PQexecParams", &pq.exec_params) &&
        find(library, "PQsendPrepare", &pq.send_prepare) &&
        find(library, "PQsendQueryPrepared", &pq.send_prepared) &&
        find(library, "PQsendQueryParams", &pq.send_params) &&
        find(library, "PQenterPipelineMode", &pq.enter_pipeline) &&
        find(library, "PQexitPipelineMode", &pq.exit_pipeline) &&
        find(library, "PQpipelineSync", &pq.pipeline_sync) &&
        find(library, "PQgetResult", &pq.get_result) &&
        find(library, "PQresultStatus", &pq.result_status) &&
        find(library, "PQresultErrorField", &pq.result_error_field) &&
        find(library, "PQresultErrorMessage", &pq.result_error_message) &&
        find(library, "PQcmdTuples", &pq.cmd_tuples) && find(library, "PQntuples", &pq.ntuples) &&
        find(library, "PQnfields", &pq.nfields) && find(library, "PQfname", &pq.fname) &&
        find(library, "PQftype", &pq.ftype) && find(library, "PQgetisnull", &pq.getisnull) &&
        find(library, "PQgetvalue", &pq.getvalue) && find(library, "PQgetlength", &pq.getlength) &&
        find(library, "PQclear", &pq.clear) && find(library, "PQsocket", &pq.socket) &&
        find(library, "PQconsumeInput", &pq.consume_input) &&
        find(library, "PQnotifies", &pq.notifies) && find(library, "PQfreemem", &pq.freemem) &&
        find(library, "PQsetNoticeProcessor", &pq.set_notice_processor));
}

const char *plm_pg_load(void) {
    pthread_once(&once, load);
    return failure[0] == 0 ? NULL : failure;
}

// ---- A connection ----

static void ignore(void *context, const char *message) {
    (void)context;
    (void)message;
}

void *plm_pg_connect(const char *location) {
    PGconn *connection = pq.connectdb(location);
    // libpq would print notices to the standard error stream.
    if (connection != NULL) pq.set_notice_processor(connection, ignore, NULL);
    return connection;
}

bool plm_pg_is_connected(const void *connection) {
    return pq.status(connection) == CONNECTION_OK;
}

bool plm_pg_is_in_transaction(const void *connection) {
    PGTransactionStatusType status = pq.transaction_status(connection);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

const char *plm_pg_message(const void *connection) {
    return pq.error_message(connection);
}

void plm_pg_close(void *connection) {
    pq.finish(connection);
}

void *plm_pg_run(void *connection, const char *sql) {
    return pq.exec(connection, sql);
}

/// A statement's parameters as libpq takes them.
struct arrays {
    Oid *types;
    const char **values;
    int *lengths;
    int *formats;
};

static bool make_arrays(
    struct arrays *arrays, const struct plm_pg_parameter *parameters, size_t count) {
    arrays->types = calloc(count + 1, sizeof *arrays->types);
    arrays->values = calloc(count + 1, sizeof *arrays->values);
    arrays->lengths = calloc(count + 1, sizeof *arrays->lengths);
    arrays->formats = calloc(count + 1, sizeof *arrays->formats);
    if (arrays->types == NULL || arrays->values == NULL || arrays->lengths == NULL ||
        arrays->formats == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        arrays->types[i] = parameters[i].type;
        arrays->values[i] = parameters[i].bytes;
        arrays->lengths[i] = parameters[i].length;
        arrays->formats[i] = 1;
    }
    return true;
}

static void free_arrays(struct arrays *arrays) {
    free(arrays->types);
    free(arrays->values);
    free(arrays->lengths);
    free(arrays->formats);
}

void *plm_pg_execute(
    void *connection, const char *sql, const struct plm_pg_parameter *parameters, size_t count) {
    struct arrays arrays;
    PGresult *answer = NULL;
    if (make_arrays(&arrays, parameters, count))
        answer = pq.exec_params(connection, sql, (int)count, arrays.types, arrays.values,
            arrays.lengths, arrays.formats, 1);
    free_arrays(&arrays);
    return answer;
}

// ---- Many statements at once ----

bool plm_pg_open_pipeline(void *connection) {
    return pq.enter_pipeline(connection) == 1;
}

bool plm_pg_send(
    void *connection, const char *name, bool prepares, const char *sql,
    const struct plm_pg_parameter *parameters, size_t count) {
    struct arrays arrays;
    bool sent = make_arrays(&arrays, parameters, count);
    if (sent && name != NULL && prepares)
        sent = pq.send_prepare(connection, name, sql, (int)count, arrays.types) == 1;
    if (sent && name != NULL)
        sent = pq.send_prepared(connection, name, (int)count, arrays.values, arrays.lengths,
            arrays.formats, 1) == 1;
    else if (sent)
        sent = pq.send_params(connection, sql, (int)count, arrays.types, arrays.values,
            arrays.lengths, arrays.formats, 1) == 1;
    free_arrays(&arrays);
    return sent;
}

bool plm_pg_end_pipeline(void *connection) {
    return pq.pipeline_sync(connection) == 1;
}

void *plm_pg_next(void *connection) {
    return pq.get_result(connection);
}

bool plm_pg_close_pipeline(void *connection) {
    return pq.exit_pipeline(connection) == 1;
}

long plm_pg_silence(int socket) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
    // Both tell how long ago it was.
    return info.tcpi_last_data_sent < info.tcpi_last_data_recv ? (long)info.tcpi_last_data_sent : 0;
}

// ---- An answer ----

enum plm_pg_status plm_pg_status(const void *answer) {
    switch (pq.result_status(answer)) {
    case PGRES_TUPLES_OK: return PLM_PG_ROWS;
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY: return PLM_PG_DONE;
    case PGRES_PIPELINE_SYNC: return PLM_PG_END;
    case PGRES_PIPELINE_ABORTED: return PLM_PG_SKIPPED;
    default: return PLM_PG_FAILED;
    }
}

const char *plm_pg_sqlstate(const void *answer) {
    return pq.result_error_field(answer, PG_DIAG_SQLSTATE);
}

const char *plm_pg_error(const void *answer) {
    const char *primary = pq.result_error_field(answer, PG_DIAG_MESSAGE_PRIMARY);
    return primary != NULL ? primary : pq.result_error_message(answer);
}

int64_t plm_pg_changed(void *answer) {
    return strtoll(pq.cmd_tuples(answer), NULL, 10);
}

int plm_pg_rows(const void *answer) {
    return pq.ntuples(answer);
}

int plm_pg_columns(const void *answer) {
    return pq.nfields(answer);
}

const char *plm_pg_name(const void *answer, int column) {
    return pq.fname(answer, column);
}

uint32_t plm_pg_type(const void *answer, int column) {
    return pq.ftype(answer, column);
}

const char *plm_pg_value(const void *answer, int row, int column, int *length) {
    if (pq.getisnull(answer, row, column)) return NULL;
    *length = pq.getlength(answer, row, column);
    return pq.getvalue(answer, row, column);
}

void plm_pg_clear(void *answer) {
    pq.clear(answer);
}

// ---- What comes without being asked for ----

int plm_pg_socket(const void *connection) {
    return pq.socket(connection);
}

bool plm_pg_consume(void *connection) {
    return pq.consume_input(connection) == 1;
}

bool plm_pg_notification(void *connection, char channel[64]) {
    PGnotify *notification = pq.notifies(connection);
    if (notification == NULL) return false;
    snprintf(channel, 64, "%s", notification->relname);
    pq.freemem(notification);
    return true;
}
