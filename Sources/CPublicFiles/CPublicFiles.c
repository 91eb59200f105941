#include "CPublicFiles.h"

// A new file of the page gets its bytes here and its row in the table below; a test compares the
// table with the folder.

static const uint8_t openapi[] = {
#embed "../../Public/openapi.json"
};

static const uint8_t index_html[] = {
#embed "../../Public/index.html"
};

static const uint8_t docs_css[] = {
#embed "../../Public/docs/docs.css"
};

static const uint8_t docs_index_html[] = {
#embed "../../Public/docs/index.html"
};

static const uint8_t docs_problems_html[] = {
#embed "../../Public/docs/problems.html"
};

static const uint8_t icon_svg[] = {
#embed "../../Public/icon.svg"
};

static const uint8_t style_css[] = {
#embed "../../Public/style.css"
};

static const uint8_t strings_json[] = {
#embed "../../Public/strings.json"
};

static const uint8_t page_api_js[] = {
#embed "../../Public/page/api.js"
};

static const uint8_t page_check_js[] = {
#embed "../../Public/page/check.js"
};

static const uint8_t page_classes_js[] = {
#embed "../../Public/page/classes.js"
};

static const uint8_t page_collect_js[] = {
#embed "../../Public/page/collect.js"
};

static const uint8_t page_compare_js[] = {
#embed "../../Public/page/compare.js"
};

static const uint8_t page_curl_js[] = {
#embed "../../Public/page/curl.js"
};

static const uint8_t page_dom_js[] = {
#embed "../../Public/page/dom.js"
};

static const uint8_t page_download_js[] = {
#embed "../../Public/page/download.js"
};

static const uint8_t page_drop_js[] = {
#embed "../../Public/page/drop.js"
};

static const uint8_t page_events_js[] = {
#embed "../../Public/page/events.js"
};

static const uint8_t page_images_js[] = {
#embed "../../Public/page/images.js"
};

static const uint8_t page_job_js[] = {
#embed "../../Public/page/job.js"
};

static const uint8_t page_jobs_js[] = {
#embed "../../Public/page/jobs.js"
};

static const uint8_t page_main_js[] = {
#embed "../../Public/page/main.js"
};

static const uint8_t page_originals_js[] = {
#embed "../../Public/page/originals.js"
};

static const uint8_t page_pixels_js[] = {
#embed "../../Public/page/pixels.js"
};

static const uint8_t page_problem_js[] = {
#embed "../../Public/page/problem.js"
};

static const uint8_t page_progress_js[] = {
#embed "../../Public/page/progress.js"
};

static const uint8_t page_protect_js[] = {
#embed "../../Public/page/protect.js"
};

static const uint8_t page_sending_js[] = {
#embed "../../Public/page/sending.js"
};

static const uint8_t page_session_js[] = {
#embed "../../Public/page/session.js"
};

static const uint8_t page_sign_in_js[] = {
#embed "../../Public/page/sign-in.js"
};

static const uint8_t page_staging_js[] = {
#embed "../../Public/page/staging.js"
};

static const uint8_t page_strength_js[] = {
#embed "../../Public/page/strength.js"
};

static const uint8_t page_thumbs_js[] = {
#embed "../../Public/page/thumbs.js"
};

static const uint8_t page_transfer_js[] = {
#embed "../../Public/page/transfer.js"
};

static const uint8_t page_viewer_js[] = {
#embed "../../Public/page/viewer.js"
};

static const uint8_t page_words_js[] = {
#embed "../../Public/page/words.js"
};

#define FILE_OF(path, bytes) {path, bytes, sizeof bytes}

static const palimpsest_file files[] = {
    FILE_OF("index.html", index_html),
    FILE_OF("docs/docs.css", docs_css),
    FILE_OF("docs/index.html", docs_index_html),
    FILE_OF("docs/problems.html", docs_problems_html),
    FILE_OF("icon.svg", icon_svg),
    FILE_OF("style.css", style_css),
    FILE_OF("strings.json", strings_json),
    FILE_OF("page/api.js", page_api_js),
    FILE_OF("page/check.js", page_check_js),
    FILE_OF("page/classes.js", page_classes_js),
    FILE_OF("page/collect.js", page_collect_js),
    FILE_OF("page/compare.js", page_compare_js),
    FILE_OF("page/curl.js", page_curl_js),
    FILE_OF("page/dom.js", page_dom_js),
    FILE_OF("page/download.js", page_download_js),
    FILE_OF("page/drop.js", page_drop_js),
    FILE_OF("page/events.js", page_events_js),
    FILE_OF("page/images.js", page_images_js),
    FILE_OF("page/job.js", page_job_js),
    FILE_OF("page/jobs.js", page_jobs_js),
    FILE_OF("page/main.js", page_main_js),
    FILE_OF("page/originals.js", page_originals_js),
    FILE_OF("page/pixels.js", page_pixels_js),
    FILE_OF("page/problem.js", page_problem_js),
    FILE_OF("page/progress.js", page_progress_js),
    FILE_OF("page/protect.js", page_protect_js),
    FILE_OF("page/sending.js", page_sending_js),
    FILE_OF("page/session.js", page_session_js),
    FILE_OF("page/sign-in.js", page_sign_in_js),
    FILE_OF("page/staging.js", page_staging_js),
    FILE_OF("page/strength.js", page_strength_js),
    FILE_OF("page/thumbs.js", page_thumbs_js),
    FILE_OF("page/transfer.js", page_transfer_js),
    FILE_OF("page/viewer.js", page_viewer_js),
    FILE_OF("page/words.js", page_words_js),
};

const uint8_t *palimpsest_openapi(void) { return openapi; }

size_t palimpsest_openapi_count(void) { return sizeof openapi; }

const palimpsest_file *palimpsest_page(void) { return files; }

size_t palimpsest_page_count(void) { return sizeof files / sizeof *files; }
