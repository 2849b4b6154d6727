/*
 * The two words run->stop and run->stand, and the table of the section on stops and terminal. A rule in RULE() can be taken out by
 * -DMUTANT=...: some scenario of `run` misses it (not COMPARE_TERMINAL: there is no neighbour here who gives the terminal back).
 */
byte stop, stand;                               /* serial << 3 | signal, or stand */

#include "kernel.pml"

#define SERIAL(word) (word >> 3)
#define LOW(word) (word & 7)
#define WORD(serial, low) ((serial << 3) | low)

/* run->stand; 0: unanswered */
#define FOLLOWING 1
#define GRANTED 2
#define ASKING 3
#define HALTED 4
#define REFUSED 5

#define LEVEL 1             /* wants, WITH_JOB: the terminal is handed over, at each look */
#define LOOK_FOR_CONT 2     /* a CONT that waits at outer is taken before any stop is followed */
#define PUBLISH_FIRST 3     /* HALTED, then the raise: who continues the command in between sees it */
#define COMPARE 4           /* between raise and stop: is it still the same stop? */
#define COMPARE_TERMINAL 5  /* and does it still want for the terminal? */
#define LOOK_AGAIN 6        /* a stop that is taken while the command is stopped: follow again */
#define ANY_SERIAL 7        /* HALTED of whatever serial: continue outer */
#define ONLY_WITH_JOB 8     /* at the start */
#define RELAY_FIRST 9       /* a TSTP is relayed before its stop is published */
#define CONT_IN_RING 10     /* a TSTP is not relayed when a CONT is under way */
#define GRANT_WITH_US 11    /* TTIN, but the terminal is the command's by now: granted */
#define LOOK_BEFORE_STOP 12 /* a CONT that waits at outer is not thrown away by our STOP */
#define LOOK_BEFORE_RELAY 13 /* nor by our TSTP */
#define RING_FIRST 14       /* no stop is followed while inner has signals before it, which may undo it */
#define ANY_STOP 15         /* LOOK_AGAIN for TTIN too, and for what inner relays */
#define EACH_STOP 16        /* a STOP that is reported stops outer, also when one before did: between the two the command went on */
#define RULE(number) (mutant != number)

chan ring = [8] of { byte };
byte written, seen;                             /* places in the ring: outer's; and inner's, after the reap() that followed */
bool done;
bool holding;                                   /* outer has taken a CONT, and is about to write it down */

/* The named gap: between the look for a pending CONT and a stop's birth there is one system call, in which nobody else sends a CONT. */
#define ENTER_NAMED_GAP closed = true
#define LEAVE_NAMED_GAP closed = false

inline wake(p) { chld[p] = true }

/* sigtimedwait(): the lowest number first. */
inline take(p, sig, sender) {
    d_step {
        chld[p] || cont[p] || tstp[p] || ttin[p] ->
        s = 0; did = false;
        if
        :: chld[p] -> chld[p] = false; sig = 0; sender = KERNEL
        :: else ->
            if
            :: cont[p] -> cont[p] = false; sig = CONT; holding = (p == OUT && cont_by[p] == OTHERS); sender = cont_by[p]; cont_by[p] = 0
            :: else ->
                if
                :: tstp[p] -> tstp[p] = false; sig = TSTP; sender = tstp_by[p]; tstp_by[p] = 0
                :: else -> ttin[p] = false; sig = TTIN; sender = ttin_by[p]; ttin_by[p] = 0
                fi
            fi
        fi
    }
}

/* The kernel has no compare-and-set for the foreground group: look and change are one step here. */
inline give_back(did) {
    d_step {
        did = (foreground == GRP);
        if
        :: did -> foreground = JOB
        :: else
        fi
    }
}

inline hand_over(did) {
    d_step {
        did = (foreground == JOB || (foreground == GRP && RULE(GRANT_WITH_US)));
        if
        :: did -> foreground = GRP
        :: else
        fi
    }
}

proctype outer() provided (!stopped[OUT]) {
    byte sig, sender, s;
    bool did;
look:
    if
    :: done -> goto leave
    :: else
    fi;
    s = stop;
    if
    :: s == 0 ->
        if
        :: wants && RULE(LEVEL) -> hand_over(did)
        :: else
        fi;
        goto sleep
    :: s != 0 && SERIAL(stand) == SERIAL(s) && LOW(stand) -> goto sleep
    :: else
    fi;
    if
    :: seen != written && RULE(RING_FIRST) -> goto sleep
    :: else
    fi;
    if
    :: LOW(s) == TTIN ->
        wants = true;
        hand_over(did);
        if
        :: did -> stand = WORD(SERIAL(s), GRANTED); wake(INN); goto sleep
        :: else
        fi
    :: LOW(s) == STOP -> wake(INN); goto sleep                  /* who sends STOP */
    :: else
    fi;
    atomic {
        if
        :: cont[OUT] && RULE(LOOK_FOR_CONT) -> goto sleep
        :: else -> ENTER_NAMED_GAP
        fi
    };
    if
    :: RULE(PUBLISH_FIRST) -> stand = WORD(SERIAL(s), HALTED)
    :: else
    fi;
    d_step { cont[OUT] = false; mine[OUT] = true; LEAVE_NAMED_GAP };    /* tgkill() to itself, blocked */
    if
    :: stop != s && RULE(COMPARE) -> mine[OUT] = false; stand = 0; goto look
    :: else
    fi;
    if
    :: LOW(s) == TTIN && foreground == JOB && RULE(COMPARE_TERMINAL) -> mine[OUT] = false; stand = 0; goto look
    :: else
    fi;
    d_step {                                                            /* unblocked */
        if
        :: mine[OUT] || (LOW(s) == TSTP && tstp[OUT]) || (LOW(s) == TTIN && ttin[OUT]) ->
            mine[OUT] = false;
            if
            :: LOW(s) == TSTP -> tstp[OUT] = false
            :: else -> ttin[OUT] = false
            fi;
            if
            :: !orphaned -> stopped[OUT] = true; status[OUT] = LOW(s)
            :: else
            fi
        :: else
        fi
    };
    if
    :: RULE(PUBLISH_FIRST)
    :: else -> stand = WORD(SERIAL(s), HALTED)
    fi;
    d_step {                                                            /* sigpending() */
        if
        :: cont[OUT] || tstp[OUT] || ttin[OUT] -> sig = FOLLOWING  /* a stop that is taken will be looked at again */
        :: else -> sig = REFUSED
        fi
    };
    stand = WORD(SERIAL(s), sig);
    wake(INN);
sleep:
    take(OUT, sig, sender);
    if
    :: sig == CONT && sender != INN && sender != OUT ->
        s = stop;
        if
        :: s -> stand = WORD(SERIAL(s), FOLLOWING)
        :: else
        fi;
        d_step { ring ! CONT; written++; holding = false }; wake(INN)
    :: sig == TTIN && sender != OTHERS ->       /* a member's: who else reads is in a group of its own */
        give_back(did);
        if
        :: did -> wants = false; send_job(CONT, OUT)
        :: else -> job_waits = true
        fi
    :: (sig == TSTP || (sig == TTIN && sender == OTHERS)) && sender != INN -> d_step { ring ! sig; written++ }; wake(INN)
    :: else
    fi;
    if
    :: (sig == TSTP || (sig == TTIN && RULE(ANY_STOP))) && (sender != INN || RULE(ANY_STOP)) && stop && RULE(LOOK_AGAIN) -> stand = 0
    :: else
    fi;
    d_step { s = 0; did = false; sig = 0; sender = 0 };
    goto look;
leave:
    give_back(did);
    if
    :: job_waits || ttin[OUT] -> send_job(CONT, OUT)
    :: else
    fi;
    gone[OUT] = true
}

/*
 * From inner to outer or the job, looked at in /proc/OUTER/status: false if a CONT waits there, or (looked at after) in the ring. The second half of the named gap: outer
 * has taken a CONT, and writes it down without a system call in between.
 */
inline may_stop_outer(may, rule) {
    atomic {
        !holding;
        may = (!cont[OUT] || !RULE(rule)) && (!ring ?? [CONT] || !RULE(CONT_IN_RING));
        if
        :: may -> ENTER_NAMED_GAP
        :: else
        fi
    }
}

inline relay(by) {
    if
    :: by != OUT && by != INN ->
        may_stop_outer(did, LOOK_BEFORE_RELAY);
        if
        :: did -> atomic { send_job(TSTP, INN); LEAVE_NAMED_GAP }
        :: else
        fi
    :: else
    fi
}

proctype inner() {
    byte sig, sender, serial, s, taken;
    bool did, sent_stop, owes_stop;
    if
    :: wants -> atomic { if :: foreground == JOB || !RULE(ONLY_WITH_JOB) -> foreground = GRP :: else fi }
    :: else
    fi;
    born = true;
look:
    do
    :: ring ? sig -> taken++; send_group(sig, INN)
    :: empty(ring) -> break
    od;
    if
    :: gone[CMD] ->
        stop = 0;
        give_back(did);
        if
        :: LOW(stand) == HALTED || sent_stop -> send(OUT, CONT, INN)
        :: else
        fi;
        done = true;
        wake(OUT);
        gone[INN] = true;
        goto over
    :: else
    fi;
    d_step { sig = 0; sender = 0; did = false; s = status[CMD]; status[CMD] = 0 };                        /* wait4() */
    if
    :: IS_STOP(s) ->
        if
        :: tstp[INN] && RULE(RELAY_FIRST) -> d_step { tstp[INN] = false; sender = tstp_by[INN] }; relay(sender)
        :: else
        fi;
        serial++;
        assert(serial < 16);
        stop = WORD(serial, s);
        owes_stop = (s == STOP && (!sent_stop || RULE(EACH_STOP)));
        if
        :: owes_stop
        :: else -> wake(OUT)
        fi;
        goto look
    :: s == CONT ->
        s = stop;
        stop = 0;
        if
        :: (LOW(stand) == HALTED && (SERIAL(stand) == SERIAL(s) || RULE(ANY_SERIAL))) || sent_stop -> send(OUT, CONT, INN)
        :: else
        fi;
        sent_stop = false; owes_stop = false;
        wake(OUT);
        goto look
    :: else
    fi;
    if
    :: seen != taken ->
        seen = taken;
        if
        :: stop && (SERIAL(stand) != serial || LOW(stand) == 0) -> wake(OUT)
        :: else
        fi
    :: else
    fi;
    if
    :: owes_stop && stand != WORD(serial, FOLLOWING) ->
        may_stop_outer(did, LOOK_BEFORE_STOP);
        if
        :: did ->
            atomic { send(OUT, STOP, INN); LEAVE_NAMED_GAP };
            sent_stop = true; owes_stop = false;
            goto look                                                   /* outer may have filled the ring, and been stopped before it woke us */
        :: else
        fi
    :: else
    fi;
    if
    :: stop && stand == WORD(serial, GRANTED) -> send_group(CONT, INN); goto look
    :: stop && stand == WORD(serial, REFUSED) ->
        if
        :: LOW(stop) == TTIN -> reads = 0                               /* EIO, whatever way */
        :: else
        fi;
        send_group(CONT, INN);
        goto look
    :: else
    fi;
    take(INN, sig, sender);
    if
    :: sig == TSTP -> relay(sender)
    :: else
    fi;
    goto look;
over:
    skip
}
