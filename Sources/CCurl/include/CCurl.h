#ifndef PALIMPSEST_CCURL_H
#define PALIMPSEST_CCURL_H

#include <stddef.h>
#include <stdint.h>

// libcurl, loaded when it is first asked for, so that a process that needs none loads none.

/// One exchange. Texts end with a zero byte and must outlive the call.
struct plm_curl_exchange {
    /// The method, and the whole URL.
    const char *method;
    const char *url;
    /// Lines such as `Host: example.org`.
    const char *const *headers;
    size_t header_count;
    /// The body: `body_size` bytes in memory or, if that is null, of the file from its start. -1 for
    /// a request without a body.
    const uint8_t *body;
    int body_file;
    int64_t body_size;
    /// Milliseconds for connecting; seconds that the exchange may stand still.
    long connect_ms;
    long stall_s;
    /// Takes the answer's header lines and its body. Whatever is not taken ends the exchange.
    size_t (*take_header)(const char *, size_t, void *);
    size_t (*take_body)(const uint8_t *, size_t, void *);
    void *context;
};

/// Loads libcurl.
///
/// Returns NULL, or why it cannot be loaded. Any thread may call it, and as often as it likes.
const char *plm_curl_load(void);

/// Opens a handle, which keeps connections for the next exchange; NULL if there is no memory. Call
/// `plm_curl_load` first. Only one thread at a time may use it.
void *plm_curl_open(void);

/// Closes a handle and its connections.
void plm_curl_close(void *handle);

/// Performs an exchange and blocks until its end.
///
/// Returns 0 if the answer has ended, with its `status`, else libcurl's code and, in `reason`, words
/// for it.
int plm_curl_perform(
    void *handle, const struct plm_curl_exchange *exchange, long *status, char reason[256]);

#endif
