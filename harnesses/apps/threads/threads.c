/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program with POSIX threads of the C library: creation and joining, mutexes, condition variables, semaphores,
 * thread local storage, cancellation, robust mutexes, signals to one thread, restartable sequences, exit with others
 * alive. Says the same on Saki as on Linux.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define ROUNDS 2000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static __thread int local;
static int counter, turn;

static void *count(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		local++;
	}
	return (void *)((long)arg * 10 + (local == ROUNDS));
}

static void counting(void)
{
	pthread_t threads[THREADS];
	long sum = 0;

	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, count, (void *)i))
			puts("no thread");
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		sum += (long)result;
	}
	printf("counted %d, results %ld, local here %d\n", counter, sum, local);
}

static void *ping(void *arg)
{
	int me = (int)(long)arg;

	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&mutex);
		while (turn != me)
			pthread_cond_wait(&cond, &mutex);
		turn = !me;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void taking_turns(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, ping, (void *)0);
	pthread_create(&b, NULL, ping, (void *)1);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	printf("turn %d\n", turn);
}

static volatile atomic_int spins, stop_spinning;

static void *spin(void *arg)
{
	(void)arg;
	while (!stop_spinning)
		spins++;
	return NULL;
}

/* One that never gives way must not keep the others from their turn. */
static void preempting(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, spin, NULL);
	while (!spins)
		;
	for (volatile int i = 0; i < 1000000; i++)
		;
	stop_spinning = 1;
	pthread_join(thread, NULL);
	puts("a spinning thread starves nobody");
}

static sem_t sem;

static void *wait_forever(void *arg)
{
	(void)arg;
	sem_wait(&sem);
	return NULL;
}

static void cancelling(void)
{
	pthread_t thread;
	void *result;

	sem_init(&sem, 0, 0);
	pthread_create(&thread, NULL, wait_forever, NULL);
	usleep(5000);
	printf("cancel %d\n", pthread_cancel(thread));
	pthread_join(thread, &result);
	printf("cancelled %d\n", result == PTHREAD_CANCELED);
}

static pthread_mutex_t robust;

static void *die_with_lock(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&robust);
	return NULL;
}

static void robust_locks(void)
{
	pthread_mutexattr_t attr;
	pthread_t thread;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	pthread_create(&thread, NULL, die_with_lock, NULL);
	pthread_join(thread, NULL);
	printf("owner died %d\n", pthread_mutex_lock(&robust) == EOWNERDEAD);
}

static pthread_t handled_by;
static volatile sig_atomic_t handled;

static void on_signal(int signo)
{
	(void)signo;
	handled_by = pthread_self();
	handled = 1;
}

static void *sleep_long(void *arg)
{
	struct timespec left, ten = { .tv_sec = 10 };

	(void)arg;
	return (void *)(long)(nanosleep(&ten, &left) && errno == EINTR);
}

static void signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	pthread_t thread;
	void *result;

	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&thread, NULL, sleep_long, NULL);
	usleep(5000);
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, &result);
	printf("interrupted %ld, handled %d, by the right one %d\n", (long)result, handled,
	       pthread_equal(handled_by, thread) != 0);
}

static void timeouts(void)
{
	struct timespec until;
	int err;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 5000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&mutex);
	err = pthread_cond_timedwait(&cond, &mutex, &until);
	pthread_mutex_unlock(&mutex);
	printf("timed out %d\n", err == ETIMEDOUT);
}

static void *leave_last(void *arg)
{
	(void)arg;
	usleep(10000);
	puts("the last thread");
	fflush(stdout);
	exit(6);
}

/* ---- restartable sequences ---- */

static struct rseq *rseq_area(void)
{
	return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

/* Stays in a section until it is thrown out of it, or for very long. The mark before the handler is x86's RSEQ_SIG. */
static bool thrown_out(void)
{
	uint64_t left = UINT64_C(1) << 32;
	bool thrown = false;

	__asm__ volatile(".pushsection .data.rel.ro, \"aw\"\n"
			 ".balign 32\n"
			 "1: .long 0, 0\n"
			 "   .quad 2f, 3f - 2f, 4f\n"
			 ".popsection\n"
			 ".pushsection .text.rseq, \"ax\"\n"
			 "   .byte 0x0f, 0xb9, 0x3d\n"
			 "   .long 0x53053053\n"
			 "4: movb $1, %1\n"
			 "   jmp 3f\n"
			 ".popsection\n"
			 "   leaq 1b(%%rip), %%rax\n"
			 "   movq %%rax, %2\n"
			 "2: decq %0\n"
			 "   jnz 2b\n"
			 "3:\n"
			 : "+r"(left), "+m"(thrown), "=m"(rseq_area()->rseq_cs)
			 :
			 : "rax", "memory");
	return thrown && left && !rseq_area()->rseq_cs;
}

static void on_interval(int signo)
{
	(void)signo;
}

/* On each CPU the kernel's answer, not the C library's, which is the same word. */
static bool told_everywhere(void)
{
	cpu_set_t all, one;
	unsigned cpu;
	bool told = true;

	sched_getaffinity(getpid(), sizeof(all), &all);
	for (unsigned i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
		syscall(SYS_getcpu, &cpu, NULL, NULL);
		told &= cpu == i && rseq_area()->cpu_id == i && rseq_area()->cpu_id_start == i;
	}
	return told;
}

/* By a handler; and by a thread that wants the CPU as well. */
static void sections(void)
{
	struct sigaction action = { .sa_handler = on_interval };
	struct itimerval soon = { { 0, 20000 }, { 0, 20000 } }, never = { 0 };
	pthread_t thread;
	cpu_set_t one, all;

	sched_getaffinity(getpid(), sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	printf("section left for a handler: %d\n", thrown_out());
	setitimer(ITIMER_REAL, &never, NULL);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
	stop_spinning = 0;
	pthread_create(&thread, NULL, spin, NULL);
	printf("section left for a thread: %d\n", thrown_out());
	stop_spinning = 1;
	pthread_join(thread, NULL);
	pthread_setaffinity_np(pthread_self(), sizeof(all), &all);
	printf("cpu is told: %d\n", told_everywhere());
}

int main(void)
{
	pthread_t thread;

	setvbuf(stdout, NULL, _IOLBF, 0);
	counting();
	taking_turns();
	preempting();
	cancelling();
	robust_locks();
	signals();
	timeouts();
	sections();
	pthread_create(&thread, NULL, leave_last, NULL);
	pthread_exit(NULL);
}
