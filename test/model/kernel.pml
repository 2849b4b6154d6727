/*
 * The kernel's job control, a shell with its user, and the command: what new.pml and old.pml have in common.
 *
 * Every statement is one step, and any process may take the next one. A model that includes this defines outer() and inner().
 *   outer, member   the job (JOB). The member is a script's shell around us; with MEMBER it is the one that the shell waits for
 *   inner, command  the command's group (GRP) in the new design; alone there in the old one (ALONE)
 *
 * What of the kernel is here:
 *   a stop signal's birth throws away a pending CONT, and a CONT's birth the pending stops; a signal that pends is not queued
 *     again, and keeps its first sender
 *   outer and inner block all but STOP and take signals by sigtimedwait(), the lowest number first; the others have the default
 *   actions: the command's stop is carried out in a step of its own, so that a CONT can come first
 *   a raise by tgkill() pends for the thread, beside what pends for the process (mine[])
 *   in an orphaned group TSTP and TTIN do nothing at their default action; STOP stops
 *   wait() tells the last change only, stopped or continued, and once
 *   who reads without being the foreground group gets TTIN, with its whole group
 */
#define OUT 0
#define INN 1
#define CMD 2
#define MEM 3

#define JOB 0
#define GRP 1
#define SHELL 2

/* Senders beyond the four. */
#define KERNEL 4
#define OTHERS 5

/* Signals, as in the wait status. CONT: continued. */
#define TSTP 1
#define TTIN 2
#define STOP 3
#define CONT 4

/* Scenarios: who may do what, and how often. */
#define TYPED 1             /* Ctrl-Z, fg, and Ctrl-Z again at once */
#define EARLY 2             /* Ctrl-Z while the command is started, in a script */
#define TSTP_CONT 3         /* TSTP to outer, and then a CONT */
#define ASKS 4              /* a command that reads, stopped by Ctrl-Z, bg, fg */
#define STOPPED 5           /* STOP to the command, and then a CONT to outer */
#define DIRECT 6            /* stops and CONT to the command itself */
#define NUDGED 7            /* Ctrl-Z, fg, and somebody's TTIN to outer */
#define SHARED 8            /* Ctrl-Z and fg, with another member of the job */
#define ORPHAN 9            /* nobody could continue the job */
#define ENDING 10           /* the command ends, whatever comes */
#define MEETING 11          /* TSTP and CONT to the command itself, and fg */
#define READERS 12          /* the command and another member of the job read */
#define RELAYED 13          /* Ctrl-Z, and then a CONT to the job */
#define AGAIN 14            /* two STOPs to the command, and fg */

#ifndef SCENARIO
#define SCENARIO TYPED
#endif
#ifndef MUTANT
#define MUTANT 0
#endif

byte scenario = SCENARIO, mutant = MUTANT;
bool orphaned, has_member, at_start, may_end;
byte watched = OUT;                             /* whom the shell waits for */
byte ctrl_z, fgs, bgs, tstp_outer, cont_outer, ttin_outer, tstp_command, stop_command, cont_command, reads, member_reads;
byte tries = 2;                                 /* of who reads while another member reads too: they could take turns for ever */

inline set_up() {
    if
    :: scenario == TYPED -> wants = true; ctrl_z = 2; fgs = 2
    :: scenario == EARLY -> wants = true; ctrl_z = 1; fgs = 1; at_start = true; has_member = true; watched = MEM
    :: scenario == TSTP_CONT -> wants = true; tstp_outer = 1; cont_outer = 1
    :: scenario == ASKS -> reads = 1; ctrl_z = 1; bgs = 1; fgs = 1
    :: scenario == STOPPED -> wants = true; stop_command = 1; cont_outer = 1
    :: scenario == DIRECT -> wants = true; tstp_command = 1; stop_command = 1; cont_command = 2
    :: scenario == MEETING -> wants = true; tstp_command = 1; cont_command = 1; fgs = 1
    :: scenario == NUDGED -> wants = true; ttin_outer = 1; ctrl_z = 1; fgs = 2
    :: scenario == SHARED -> wants = true; has_member = true; ctrl_z = 1; fgs = 1
    :: scenario == READERS -> wants = true; has_member = true; reads = 1; member_reads = 1
    :: scenario == RELAYED -> wants = true; has_member = true; ctrl_z = 1; cont_outer = 1
    :: scenario == AGAIN -> wants = true; stop_command = 2; fgs = 1
    :: scenario == ORPHAN -> orphaned = true; reads = 1; ttin_outer = 1; tstp_command = 1; foreground = SHELL
    :: scenario == ENDING -> wants = true; may_end = true; ctrl_z = 1; fgs = 1
    fi
}

bool chld[4], cont[4], tstp[4], ttin[4];        /* pending */
bool mine[4];                                   /* a stop raised for the thread */
byte cont_by[4], tstp_by[4], ttin_by[4];
bool stopped[4], gone[4];
byte status[4];                                 /* what wait() has to say: 0, a stop signal, or CONT */
byte foreground = JOB;
bool wants, job_waits;                          /* the command wants the terminal; a member asked for it in vain */
bool born;                                      /* the command */
bool closed;                                    /* outer is in the gap: see NAMED_GAP */

/* Ghosts: the user's mind. */
bool at_prompt, believed_stopped;
bool silent;                                    /* fg of a job that runs in the background: bash sends no CONT, the terminal comes when it is asked for */
bool due;                                       /* the last that anybody sent was a CONT: nobody may be stopped in the end */

inline change(p, what) {
    status[p] = what;
    if
    :: p == CMD -> chld[INN] = true
    :: else
    fi
}

/* kill() of one process, in one step. */
inline send(p, sig, sender) {
    d_step {
        if
        :: gone[p] || (p == CMD && !born) || (p == MEM && !has_member)
        :: else ->
            if
            :: sig == CONT ->
                tstp[p] = false; ttin[p] = false; mine[p] = false;
                if
                :: stopped[p] -> stopped[p] = false; change(p, CONT)
                :: else
                fi;
                if
                :: (p == OUT || p == INN) && !cont[p] -> cont[p] = true; cont_by[p] = sender
                :: else
                fi
            :: sig == STOP ->
                cont[p] = false;
                if
                :: !stopped[p] -> stopped[p] = true; change(p, STOP)
                :: else
                fi
            :: sig == TSTP ->
                cont[p] = false;
                if
                :: !tstp[p] -> tstp[p] = true; tstp_by[p] = sender
                :: else
                fi
            :: sig == TTIN ->
                cont[p] = false;
                if
                :: !ttin[p] -> ttin[p] = true; ttin_by[p] = sender
                :: else
                fi
            fi
        fi
    }
}

/* One step for a whole group: kill() holds a lock all the while. */
inline send_job(sig, sender) { atomic { send(OUT, sig, sender); send(MEM, sig, sender) } }
#ifdef ALONE
inline send_group(sig, sender) { send(CMD, sig, sender) }
#else
inline send_group(sig, sender) { atomic { send(INN, sig, sender); send(CMD, sig, sender) } }
#endif

/* The command, and the member: a pending stop is carried out, unless a CONT comes first. */
inline obey(p) {
    d_step {
        (tstp[p] || ttin[p]) && !stopped[p] && !gone[p] ->
        if
        :: tstp[p] -> tstp[p] = false; stopped[p] = true; change(p, TSTP)
        :: else -> ttin[p] = false; stopped[p] = true; change(p, TTIN)
        fi
    }
}

#define RUNS(p) (!stopped[p] && !gone[p] && !tstp[p] && !ttin[p])

proctype command() {
#ifdef COMMAND_TAKES
    born;
    if
    :: at_start && wants -> foreground = GRP    /* its stops are blocked still */
    :: else
    fi;
#endif
    do
    :: obey(CMD)
    :: atomic { born && reads && RUNS(CMD) && foreground == GRP -> reads-- }
    :: atomic { born && reads && RUNS(CMD) && foreground != GRP -> due = false; send_group(TTIN, KERNEL) }
    :: atomic { may_end && born && !reads && RUNS(CMD) -> gone[CMD] = true; chld[INN] = true; break }
    od
}

proctype member() {
    do
    :: obey(MEM)
    :: atomic { member_reads && RUNS(MEM) && foreground == JOB -> member_reads-- }
    :: atomic { member_reads && RUNS(MEM) && foreground != JOB ->
        if
        :: tries -> tries--; send_job(TTIN, KERNEL)
        :: else -> member_reads = 0
        fi }
    :: atomic { may_end && gone[OUT] && RUNS(MEM) -> gone[MEM] = true; break }
    od
}

#define IS_STOP(status) (status != 0 && status != CONT)

/* An interactive shell, whose user gives in after so many fg and bg. */
proctype shell() {
    do
    :: atomic { !at_prompt && IS_STOP(status[watched]) -> status[watched] = 0; believed_stopped = true }
       foreground = SHELL;
       at_prompt = true
    :: atomic { at_prompt && !believed_stopped && IS_STOP(status[watched]) -> status[watched] = 0; believed_stopped = true }
    :: atomic { at_prompt && foreground == SHELL && fgs -> fgs--; foreground = JOB; at_prompt = false };
       if
       :: atomic { believed_stopped && !closed -> believed_stopped = false; due = true; send_job(CONT, OTHERS) }
       :: atomic { !believed_stopped -> silent = true }
       fi
    :: atomic { at_prompt && foreground == SHELL && believed_stopped && bgs && !closed -> bgs--; believed_stopped = false; due = true; send_job(CONT, OTHERS) }
    :: atomic { gone[watched] -> foreground = SHELL; at_prompt = true; break }
    od
}

/* The terminal's Ctrl-Z, and whoever uses kill(1). NAMED_GAP: nobody's CONT comes while outer is in it. */
proctype others() {
    do
    :: atomic { ctrl_z && foreground == JOB -> ctrl_z--; due = false; send_job(TSTP, KERNEL) }
    :: atomic { ctrl_z && foreground == GRP && born -> ctrl_z--; due = false; send_group(TSTP, KERNEL) }
    :: atomic { tstp_outer && !gone[OUT] -> tstp_outer--; due = false; send(OUT, TSTP, OTHERS) }
    :: atomic { ttin_outer && !gone[OUT] -> ttin_outer--; due = false; send(OUT, TTIN, OTHERS) }
    :: atomic { cont_outer && !ctrl_z && !tstp_outer && !ttin_outer && !stop_command && !tstp_command && !closed -> cont_outer--; due = true; send_job(CONT, OTHERS) }
    :: atomic { tstp_command && born -> tstp_command--; due = false; send(CMD, TSTP, OTHERS) }
    :: atomic { stop_command && born -> stop_command--; due = false; send(CMD, STOP, OTHERS) }
    :: atomic { cont_command && stopped[CMD] -> cont_command--; send(CMD, CONT, OTHERS) }
    od
}

/* What has to hold when nothing moves any more. */
proctype quiet() {
    timeout ->
    assert(!stopped[CMD] || !due);                              /* nobody stays stopped whom somebody continued */
    assert(!stopped[OUT] || !due);
    assert(stopped[CMD] || gone[CMD] || !stopped[OUT]);         /* outer stops because the command did, and goes on with it */
    assert(!gone[CMD] || (!stopped[OUT] && foreground != GRP)); /* at the end the terminal is the job's, or the shell's */
    assert(!stopped[MEM] || at_prompt);
    if
    :: orphaned -> assert(!stopped[CMD])                        /* nobody could continue it */
    :: else ->
        assert(!stopped[CMD] || stopped[OUT]);                  /* the command stopped: the shell's job is */
        assert(!stopped[OUT] || at_prompt);                     /* the shell has its prompt */
        assert(!at_prompt || foreground == SHELL);              /* and the terminal */
        assert(at_prompt || (!reads && (!wants || silent)) || gone[CMD] || foreground == GRP)  /* in the foreground who wants the terminal has it */
    fi
}

init {
    atomic {
#ifdef FROM_ENVIRONMENT
        c_code { now.scenario = atoi(getenv("SCENARIO")); now.mutant = atoi(getenv("MUTANT")); };
#endif
        set_up();
        run command(); run member(); run shell(); run others(); run outer(); run inner(); run quiet()
    }
}
