#ifndef PALIMPSEST_CPOSTGRES_H
#define PALIMPSEST_CPOSTGRES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// libpq, loaded when it is first asked for, so that a process that needs none loads none.

/// A parameter of a statement in PostgreSQL's binary format; `bytes` is NULL for no value.
struct plm_pg_parameter {
    uint32_t type;
    const char *bytes;
    int length;
};

/// How a statement ended; in a pipeline also that one before it failed, and the end of all answers.
enum plm_pg_status { PLM_PG_ROWS, PLM_PG_DONE, PLM_PG_FAILED, PLM_PG_SKIPPED, PLM_PG_END };

/// Loads libpq.
///
/// Returns NULL, or why it cannot be loaded. Any thread may call it, and as often as it likes.
const char *plm_pg_load(void);

/// Connects, and blocks until that is done. Call `plm_pg_load` first. NULL if there is no memory;
/// ask `plm_pg_is_connected`. Only one thread at a time may use a connection.
void *plm_pg_connect(const char *location);

/// Whether the connection is open, as far as its last use told.
bool plm_pg_is_connected(const void *connection);

/// Whether a transaction is open.
bool plm_pg_is_in_transaction(const void *connection);

/// What was wrong last, with a line break at its end.
const char *plm_pg_message(const void *connection);

/// Closes a connection.
void plm_pg_close(void *connection);

/// Runs statements without parameters; the answer is the last one's. NULL if there is no memory.
void *plm_pg_run(void *connection, const char *sql);

/// Runs a statement with parameters; its rows are in binary format. NULL if there is no memory.
void *plm_pg_execute(
    void *connection, const char *sql, const struct plm_pg_parameter *parameters, size_t count);

/// Begins to send statements without waiting for their answers.
bool plm_pg_open_pipeline(void *connection);

/// Sends a statement of a pipeline: as a prepared one if it has a name, which `prepares` makes. Then
/// it has two answers instead of one.
bool plm_pg_send(
    void *connection, const char *name, bool prepares, const char *sql,
    const struct plm_pg_parameter *parameters, size_t count);

/// Sends the end of a pipeline, at which the server goes on after a failure.
bool plm_pg_end_pipeline(void *connection);

/// The next answer in the order of the statements; NULL follows each one but the end.
void *plm_pg_next(void *connection);

/// Ends a pipeline of which the end was read.
bool plm_pg_close_pipeline(void *connection);

/// For how many milliseconds a peer has answered nothing to what it was sent last; 0 while nothing is
/// waited for, and for sockets that are not TCP's.
long plm_pg_silence(int socket);

/// Reads an answer. Texts are its own until it is cleared.
enum plm_pg_status plm_pg_status(const void *answer);
const char *plm_pg_sqlstate(const void *answer);
const char *plm_pg_error(const void *answer);
/// How many rows the statement wrote; 0 if it writes none.
int64_t plm_pg_changed(void *answer);
int plm_pg_rows(const void *answer);
int plm_pg_columns(const void *answer);
const char *plm_pg_name(const void *answer, int column);
uint32_t plm_pg_type(const void *answer, int column);
/// NULL for no value.
const char *plm_pg_value(const void *answer, int row, int column, int *length);
void plm_pg_clear(void *answer);

/// The connection's socket; -1 if it has none.
int plm_pg_socket(const void *connection);

/// Reads what has come without being asked for; false if the connection is lost.
bool plm_pg_consume(void *connection);

/// Takes the next notification, and copies its channel's name; false if there is none.
bool plm_pg_notification(void *connection, char channel[64]);

#endif
