#include "CCurl.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// ---- The library ----

static struct {
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *);
    void (*easy_reset)(CURL *);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    CURLcode (*easy_perform)(CURL *);
    const char *(*easy_strerror)(CURLcode);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
} curl;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char failure[256];

static bool find(void *library, const char *name, void *place) {
    void *symbol = dlsym(library, name);
    if (symbol == NULL) {
        snprintf(failure, sizeof failure, "libcurl.so.4 has no %s", name);
        return false;
    }
    memcpy(place, &symbol, sizeof symbol);
    return true;
}

static void load(void) {
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(failure, sizeof failure, "%s", dlerror());
        return;
    }
    bool found = find(library, "curl_global_init", &curl.global_init) &&
        find(library, "curl_easy_init", &curl.easy_init) &&
        find(library, "curl_easy_cleanup", &curl.easy_cleanup) &&
        find(library, "curl_easy_reset", &curl.easy_reset) &&
        find(library, "curl_easy_setopt", &curl.easy_setopt) &&
        find(library, "curl_easy_getinfo", &curl.easy_getinfo) &&
        find(library, "curl_easy_perform", &curl.easy_perform) &&
        find(library, "curl_easy_strerror", &curl.easy_strerror) &&
        find(library, "curl_slist_append", &curl.slist_append) &&
        find(library, "curl_slist_free_all", &curl.slist_free_all);
    if (found && curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        snprintf(failure, sizeof failure, "libcurl.so.4 cannot be initialised");
}

const char *plm_curl_load(void) {
    pthread_once(&once, load);
    return failure[0] == 0 ? NULL : failure;
}

void *plm_curl_open(void) {
    return curl.easy_init();
}

void plm_curl_close(void *handle) {
    curl.easy_cleanup(handle);
}

// ---- An exchange ----

/// How far the body has been read.
struct upload {
    const struct plm_curl_exchange *exchange;
    int64_t position;
};

static size_t read_body(char *buffer, size_t size, size_t count, void *context) {
    struct upload *upload = context;
    const struct plm_curl_exchange *exchange = upload->exchange;
    int64_t left = exchange->body_size - upload->position;
    size_t wanted = size * count;
    if ((int64_t)wanted > left) wanted = (size_t)left;
    if (wanted == 0) return 0;
    if (exchange->body != NULL) {
        memcpy(buffer, exchange->body + upload->position, wanted);
    } else {
        ssize_t read = pread(exchange->body_file, buffer, wanted, upload->position);
        // A file that ends early would let libcurl wait for bytes that never come.
        if (read <= 0) return CURL_READFUNC_ABORT;
        wanted = (size_t)read;
    }
    upload->position += (int64_t)wanted;
    return wanted;
}

/// libcurl starts a body again when a kept connection turns out to be closed.
static int seek_body(void *context, curl_off_t offset, int origin) {
    struct upload *upload = context;
    if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
    upload->position = offset;
    return CURL_SEEKFUNC_OK;
}

static size_t take_header(char *line, size_t size, size_t count, void *context) {
    const struct plm_curl_exchange *exchange = context;
    return exchange->take_header(line, size * count, exchange->context);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
    const struct plm_curl_exchange *exchange = context;
    return exchange->take_body((const uint8_t *)bytes, size * count, exchange->context);
}

int plm_curl_perform(
    void *handle, const struct plm_curl_exchange *exchange, long *status, char reason[256]) {
    struct upload upload = {.exchange = exchange, .position = 0};
    struct curl_slist *headers = NULL;
    char words[CURL_ERROR_SIZE] = "";
    for (size_t index = 0; index < exchange->header_count; index++) {
        struct curl_slist *longer = curl.slist_append(headers, exchange->headers[index]);
        if (longer == NULL) {
            curl.slist_free_all(headers);
            snprintf(reason, 256, "there is no memory for a request's header");
            return CURLE_OUT_OF_MEMORY;
        }
        headers = longer;
    }
    curl.easy_reset(handle);
    curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(handle, CURLOPT_ERRORBUFFER, words);
    curl.easy_setopt(handle, CURLOPT_URL, exchange->url);
    curl.easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl.easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl.easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, exchange->connect_ms);
    curl.easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl.easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, exchange->stall_s);
    curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl.easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
    curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl.easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    if (exchange->body_size >= 0) {
        curl.easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl.easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)exchange->body_size);
        curl.easy_setopt(handle, CURLOPT_READFUNCTION, read_body);
        curl.easy_setopt(handle, CURLOPT_READDATA, &upload);
        curl.easy_setopt(handle, CURLOPT_SEEKFUNCTION, seek_body);
        curl.easy_setopt(handle, CURLOPT_SEEKDATA, &upload);
    }
    // The answer to HEAD has a length and no body.
    if (strcmp(exchange->method, "HEAD") == 0) curl.easy_setopt(handle, CURLOPT_NOBODY, 1L);
    curl.easy_setopt(handle, CURLOPT_CUSTOMREQUEST, exchange->method);
    CURLcode code = curl.easy_perform(handle);
    if (code == CURLE_OK) code = curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, status);
    curl.slist_free_all(headers);
    snprintf(reason, 256, "%s", words[0] != 0 ? words : curl.easy_strerror(code));
    return code;
}
