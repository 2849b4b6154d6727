/*
 * The design of version 4368437: run->stop, stopping, refused and terminal, each written by both sides. It is expected to fail: see `run`.
 */
#define ALONE               /* inner leads a group of its own, the command another */
#define COMMAND_TAKES       /* the terminal, at the start */

byte stop, refused;
bool again, stopping;       /* refused < 0 is refused, and again: ask once more */

#include "kernel.pml"

bool done;

#define terminal wants

inline wake(p) { chld[p] = true }

inline take(p, sig, sender) {
    d_step {
        chld[p] || cont[p] || tstp[p] || ttin[p] ->
        s = 0; did = false;
        if
        :: chld[p] -> chld[p] = false; sig = 0; sender = 0
        :: else ->
            if
            :: cont[p] -> cont[p] = false; sig = CONT; sender = cont_by[p]; cont_by[p] = 0
            :: else ->
                if
                :: tstp[p] -> tstp[p] = false; sig = TSTP; sender = tstp_by[p]; tstp_by[p] = 0
                :: else -> ttin[p] = false; sig = TTIN; sender = ttin_by[p]; ttin_by[p] = 0
                fi
            fi
        fi
    }
}

/* pass_terminal(): look and change in one step, which the old design did not even name. */
inline pass(from, to, did) {
    d_step {
        did = (foreground == from);
        if
        :: did -> foreground = to
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
    :: s == 0 -> goto sleep
    :: s == TTIN && foreground == JOB ->                        /* ask_neighbour(), ask_again() */
        d_step {
            did = (stop == s);
            if
            :: did -> stop = 0
            :: else
            fi
        };
        if
        :: did && foreground == JOB -> d_step { refused = s; again = true }; wake(INN)
        :: else
        fi;
        goto sleep
    :: else
    fi;
    did = (s == TSTP -> terminal && foreground == GRP : true);  /* the whole job? */
    stopping = true;
    if
    :: did -> send_job(s, OUT)
    :: else -> send(OUT, s, OUT)
    fi;
    d_step {
        did = (stop == s);
        if
        :: did -> stop = 0
        :: else
        fi
    };
    if
    :: !did ->
        d_step { tstp[OUT] = tstp[OUT] && s != TSTP; ttin[OUT] = ttin[OUT] && s != TTIN };
        stopping = false;
        goto sleep
    :: else
    fi;
    if
    :: s == TTIN && foreground == JOB ->
        send_job(CONT, OUT);
        d_step { cont[OUT] = false; ttin[OUT] = false };
        stopping = false;
        d_step { refused = s; again = true };
        wake(INN);
        goto sleep
    :: else
    fi;
    d_step {                                                    /* unblocked */
        if
        :: (s == TSTP && tstp[OUT]) || (s == TTIN && ttin[OUT]) ->
            if
            :: s == TSTP -> tstp[OUT] = false
            :: else -> ttin[OUT] = false
            fi;
            if
            :: !orphaned -> stopped[OUT] = true; status[OUT] = s
            :: else
            fi
        :: else
        fi
    };
    stopping = false;
    if
    :: cont[OUT]
    :: else -> d_step { refused = s; again = false }; wake(INN)
    fi;
sleep:
    take(OUT, sig, sender);
    if
    :: sig == CONT ->
        stopping = false; job_waits = false;
        if
        :: sender != INN -> send(INN, CONT, OUT)
        :: else
        fi;
        goto sleep
    :: sig == TTIN ->                                           /* take_terminal_back() */
        job_waits = true;
        d_step { did = terminal; terminal = false };
        if
        :: did -> pass(GRP, JOB, did);
            if
            :: did || foreground == JOB -> job_waits = false; send_job(CONT, OUT)
            :: else -> terminal = true; send(INN, TTIN, OUT)
            fi
        :: else -> send(INN, TTIN, OUT)
        fi;
        goto sleep
    :: sig == TSTP -> send(INN, TSTP, OUT); goto sleep
    :: else
    fi;
    goto look;
leave:
    if
    :: job_waits || ttin[OUT] -> send_job(CONT, OUT)
    :: else
    fi;
    gone[OUT] = true
}

inline continue_outer() {
    if
    :: stopping || sent_stop -> send(OUT, CONT, INN)
    :: else
    fi;
    sent_stop = false
}

inline hand_over() {
    terminal = true;
    pass(JOB, GRP, did);
    if
    :: did -> send_group(CONT, INN)
    :: else
    fi
}

inline command_stopped(s) {
    did = false;
    if
    :: s == TTIN -> hand_over()
    :: else
    fi;
    if
    :: did
    :: !did && s == STOP -> sent_stop = true; send(OUT, STOP, INN)
    :: else -> stop = s; wake(OUT)
    fi
}

proctype inner() {
    byte sig, sender, s;
    bool did, sent_stop;
    if
    :: !at_start && wants -> foreground = GRP
    :: else
    fi;
    born = true;
look:
    if
    :: gone[CMD] -> pass(GRP, JOB, did); stop = 0; done = true; continue_outer(); wake(OUT); gone[INN] = true; goto over
    :: else
    fi;
    d_step { sig = 0; sender = 0; did = false; s = status[CMD]; status[CMD] = 0 };
    if
    :: IS_STOP(s) -> command_stopped(s); goto look
    :: s == CONT -> stop = 0; continue_outer(); goto look
    :: else
    fi;
    d_step { s = refused; did = again; refused = 0; again = false };
    if
    :: s && !did ->                                             /* undo_stop() */
        if
        :: s == TTIN -> hand_over();
            if
            :: did
            :: else -> reads = 0; send_group(CONT, INN)         /* EIO */
            fi
        :: else -> send_group(CONT, INN)
        fi;
        goto look
    :: s && did && stopped[CMD] -> command_stopped(s); goto look
    :: else
    fi;
sleep:
    take(INN, sig, sender);
    if
    :: sig ->
        if
        :: sig == CONT && terminal -> pass(JOB, GRP, did); terminal = terminal || did
        :: else
        fi;
        send_group(sig, INN);
        goto sleep
    :: else
    fi;
    goto look;
over:
    skip
}
