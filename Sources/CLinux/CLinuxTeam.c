#define _GNU_SOURCE
#include "CLinuxTeam.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct plm_team {
    pthread_mutex_t lock;
    // Signalled when there is work or the team ends, and when a part is done or a thread waits.
    pthread_cond_t work, progress;
    void (*body)(void *context, size_t index);
    void *context;
    // The parts of the task: how many there are, were taken and are done.
    size_t count, taken, done;
    // How many helpers may take part in the task, and how many do.
    unsigned wanted, joined;
    bool is_busy, is_ending;
    unsigned started, waiting;
    char name[16];
    pthread_t threads[];
};

// Takes parts until there are none. The lock is held before and after.
static void take_parts(plm_team *team) {
    while (team->taken < team->count) {
        const size_t index = team->taken++;
        pthread_mutex_unlock(&team->lock);
        team->body(team->context, index);
        pthread_mutex_lock(&team->lock);
        team->done++;
    }
    if (team->done == team->count) pthread_cond_signal(&team->progress);
}

static void *help(void *argument) {
    plm_team *team = argument;
    (void)pthread_setname_np(pthread_self(), team->name);
    pthread_mutex_lock(&team->lock);
    team->waiting++;
    pthread_cond_signal(&team->progress);
    while (!team->is_ending) {
        if (team->taken < team->count && team->joined < team->wanted) {
            team->joined++;
            take_parts(team);
        } else {
            pthread_cond_wait(&team->work, &team->lock);
        }
    }
    pthread_mutex_unlock(&team->lock);
    return NULL;
}

plm_team *plm_team_start(const char *name, unsigned helpers, size_t stack_bytes) {
    plm_team *team = calloc(1, sizeof *team + helpers * sizeof *team->threads);
    if (team == NULL) return NULL;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->work, NULL);
    pthread_cond_init(&team->progress, NULL);
    // The kernel keeps 15 characters.
    snprintf(team->name, sizeof team->name, "%s", name);
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return team;
    pthread_attr_setstacksize(&attributes, stack_bytes);
    // The new threads inherit the mask. Their own faults, such as SIGSEGV, are delivered whatever
    // the mask says.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (team->started < helpers &&
           pthread_create(&team->threads[team->started], &attributes, help, team) == 0) {
        team->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    // A thread that is still starting makes system calls that the caller may be about to give up.
    pthread_mutex_lock(&team->lock);
    while (team->waiting < team->started) pthread_cond_wait(&team->progress, &team->lock);
    pthread_mutex_unlock(&team->lock);
    return team;
}

unsigned plm_team_helpers(const plm_team *team) { return team->started; }

void plm_team_run(plm_team *team, size_t count, unsigned threads,
                  void (*body)(void *context, size_t index), void *context) {
    unsigned wanted = threads > 0 ? threads - 1 : 0;
    if (wanted > team->started) wanted = team->started;
    if (count > 0 && wanted > count - 1) wanted = (unsigned)(count - 1);
    pthread_mutex_lock(&team->lock);
    const bool is_alone = count <= 1 || wanted == 0 || team->is_busy;
    if (!is_alone) {
        team->is_busy = true;
        team->body = body;
        team->context = context;
        team->count = count;
        team->taken = team->done = 0;
        team->wanted = wanted;
        team->joined = 0;
        for (unsigned helper = 0; helper < wanted; helper++) pthread_cond_signal(&team->work);
        take_parts(team);
        while (team->done < team->count) pthread_cond_wait(&team->progress, &team->lock);
        team->count = team->taken = 0;
        team->is_busy = false;
    }
    pthread_mutex_unlock(&team->lock);
    for (size_t index = 0; is_alone && index < count; index++) body(context, index);
}

void plm_team_end(plm_team *team) {
    pthread_mutex_lock(&team->lock);
    team->is_ending = true;
    pthread_cond_broadcast(&team->work);
    pthread_mutex_unlock(&team->lock);
    for (unsigned helper = 0; helper < team->started; helper++)
        pthread_join(team->threads[helper], NULL);
    pthread_cond_destroy(&team->progress);
    pthread_cond_destroy(&team->work);
    pthread_mutex_destroy(&team->lock);
    free(team);
}

unsigned plm_usable_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    const int count = CPU_COUNT(&set);
    return count > 1 ? (unsigned)count : 1;
}
