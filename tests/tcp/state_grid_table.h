/*
 * state_grid_table.h - the table itself; its notation is in state_grid.h.
 * Sections without a number of an RFC are of RFC 9293.
 */
#ifndef SAMPAN_TESTS_TCP_STATE_GRID_TABLE_H
#define SAMPAN_TESTS_TCP_STATE_GRID_TABLE_H

#include "tcp/state_grid.h"

/* §3.10.7.1: a reset for all but a reset.  §3.10.7.2, in its order: RST, ACK,
 * SYN, the rest; SYN+FIN is the rest (R-V-51), and text of a SYN is left to be
 * sent again (5-D20).  §3.10.7.3: ACK, RST, SYN, the rest; a reset's SEG.SEQ is
 * not looked at (5-D8, erratum 8167).  SEG.SEQ is nowhere compared. */
static const struct grid_line grid_opening[] = {
	/*			     CLOSED  LISTEN  SYN-SENT */
	{ K_NO_FLAGS,	      "{<[=]>}", "Z   -      -" },	/* LISTEN fourth, SYN-SENT fifth */
	{ K_NO_FLAGS_TEXT,    "{<[=]>}", "Z   -      -" },
	{ K_ACK,	      "{<[=]>}", "R   R      R" },	/* SEG.ACK =< ISS: first */
	{ K_ACK_NEW,	      "{<[=]>}", "R   R      -" },	/* acceptable; fifth */
	{ K_ACK_TEXT,	      "{<[=]>}", "R   R      R" },
	{ K_ACK_NEW_TEXT,     "{<[=]>}", "R   R      -" },
	{ K_ACK_OLD_TEXT,     "{<[=]>}", "R   R      R" },
	{ K_ACK_TOO_OLD_TEXT, "{<[=]>}", "R   R      R" },
	{ K_ACK_BEYOND,	      "{<[=]>}", "R   R      R" },	/* SEG.ACK > SND.NXT: first */
	{ K_ACK_BEYOND_TEXT,  "{<[=]>}", "R   R      R" },
	{ K_FIN,	      "{<[=]>}", "Z   -      -" },	/* R-9293-8 */
	{ K_FIN_ACK,	      "{<[=]>}", "R   R      R" },
	{ K_FIN_ACK_NEW,      "{<[=]>}", "R   R      -" },
	{ K_FIN_ACK_BEYOND,   "{<[=]>}", "R   R      R" },
	{ K_FIN_ACK_NEW_TEXT, "{<[=]>}", "R   R      -" },
	/* SYN-SENT second: no ACK, dropped */
	{ K_RST,	      "{<[=]>}", "-   -      -" },
	{ K_RST_ACK,	      "{<[=]>}", "-   -      -f>CD" },	/* R-9293-5 */
	/* first: unless the RST bit is set */
	{ K_RST_ACK_BEYOND,   "{<[=]>}", "-   -      -" },
	{ K_RST_TEXT,	      "{<[=]>}", "-   -      -" },
	{ K_SYN_RST,	      "{<[=]>}", "-   -      -" },
	{ K_SYN,	      "{<[=]>}", "Z   N>SR   S>SR" },	/* crossing SYNs: fourth */
	{ K_SYN_ACK,	      "{<[=]>}", "R   R      Aw>ES" },
	{ K_SYN_ACK_BEYOND,   "{<[=]>}", "R   R      R" },
	/* the FIN is queued, or sent again */
	{ K_SYN_FIN,	      "{<[=]>}", "Z   -      S>SR" },
	{ K_SYN_TEXT,	      "{<[=]>}", "Z   N>SR   S>SR" },
	{ K_URG_TEXT,	      "{<[=]>}", "R   R      R" },
};

/* §3.10.7.4.  SYN-RECEIVED is a half-open record after a passive open and a
 * control block after an active one; TIME-WAIT a control block while a socket
 * holds it and a record later.  In ESTABLISHED and CLOSE-WAIT 100 octets are
 * outstanding, in FIN-WAIT-1, CLOSING and LAST-ACK the FIN is; ACK_NEW
 * acknowledges all of it.
 *
 * First, sequence number: what is not acceptable is answered and dropped, a
 * reset only dropped (R-9293-9, R-9293-10), unless it is a SYN: below. */
static const struct grid_line grid_synchronized[] = {
	/*		     SYN-RECEIVED   EST    FIN-WAIT    CLOSE  CLOS- LAST TIME-WAIT
	 *		    passive active	   1	  2    WAIT   ING   ACK  held record */
	/* Fifth: without ACK, dropped (R-9293-16). */
	{ K_NO_FLAGS, "{<>}",	 "A    A      A     A     A     A     A     A     A A" },
	{ K_NO_FLAGS, "[=]",	 "-    -      -     -     -     -     -     -     - -" },
	{ K_NO_FLAGS_TEXT, "{<>}", "A  A      A     A     A     A     A     A     A A" },
	{ K_NO_FLAGS_TEXT, "/[=]", "-  -      -     -     -     -     -     -     - -" },
	{ K_FIN, "{<>}",	 "A    A      A     A     A     A     A     A     A A" },
	{ K_FIN, "[=]",		 "-    -      -     -     -     -     -     -     - -" },

	/* Fifth.  SYN-RECEIVED: SEG.ACK = SND.UNA is not acceptable (R-9293-17; RFC 5961 §5
	 * would have an ACK, §3.5.2 group 2 and Linux a reset).  TIME-WAIT: nothing is said to
	 * nothing (R-V-34); not at RCV.NXT "acknowledge it" could be read either way. */
	{ K_ACK, "{<>}",	 "A    A      A     A     A     A     A     A     A A" },
	{ K_ACK, "[",		 "R    R      -     -     -     -     -     -     - -" },
	{ K_ACK, "=]",		 "R    R      -     -     -     -     -     -     a a" },

	/* R-9293-17, R-9293-20.  An acknowledgement counts where it is acceptable, before
	 * RCV.NXT gets there: §3.10.7.4 would let one hold it, nobody does. */
	{ K_ACK_NEW, "{<>}",	 "A    A      A     A     A     A     A     A     A A" },
	{ K_ACK_NEW, "[",	 "-p>ES -w>ES -     ->F2  -     -     -c>TW -c>CD - -" },
	{ K_ACK_NEW, "=]",	 "-p>ES -w>ES -     ->F2  -     -     -c>TW -c>CD a a" },

	/* Seventh: delivered (§3.4: only the new part), held (SHLD-31) and acknowledged at
	 * once (MAY-13); after the peer's FIN ignored (R-9293-22), where what crosses the right
	 * edge may be answered for that.  TIME-WAIT: R-1337-2. */
	{ K_ACK_TEXT, "{<>}",	 "A    A      A     A     A     A     A     A     A A" },
	{ K_ACK_TEXT, "/[",	 "R    R      At    At    At    -     -     -     A A" },
	{ K_ACK_TEXT, "=",	 "R    R      Ah    Ah    Ah    -     -     -     A A" },
	{ K_ACK_TEXT, "]",	 "R    R      Ah    Ah    Ah    a     a     a     A A" },
	{ K_ACK_NEW_TEXT, "{<>}", "A   A      A     A     A     A     A     A     A A" },
	{ K_ACK_NEW_TEXT, "/[",	 "Atp>ES Atw>ES At  At>F2 At    -     ac>TW -c>CD A A" },
	{ K_ACK_NEW_TEXT, "=]",	 "Ahp>ES Ahw>ES Ah  Ah>F2 Ah    a     ac>TW -c>CD A A" },

	/* RFC 5961 §5.2: SND.UNA - MAX.SND.WND is good, one less is not. */
	{ K_ACK_OLD_TEXT, "{<>}", "A   A      A     A     A     A     A     A     A A" },
	{ K_ACK_OLD_TEXT, "/[",	 "R    R      At    At    At    -     -     -     A A" },
	{ K_ACK_OLD_TEXT, "=]",	 "R    R      Ah    Ah    Ah    a     a     a     A A" },
	{ K_ACK_TOO_OLD_TEXT, "{<>}/[=]", ". .  A   A     A     A     A     A     A A" },
	{ K_ACK_TOO_OLD_TEXT, "/[=]", "R R    .     .     .     .     .     .     . ." },

	/* R-9293-18; SYN-RECEIVED: R-9293-17. */
	{ K_ACK_BEYOND, "{<>}",	 "A    A      A     A     A     A     A     A     A A" },
	{ K_ACK_BEYOND, "[=]",	 "R    R      A     A     A     A     A     A     a a" },
	{ K_ACK_BEYOND_TEXT, "{<>}", "A A     A     A     A     A     A     A     A A" },
	{ K_ACK_BEYOND_TEXT, "/[=]", "R R     A     A     A     A     A     A     A A" },

	/* Eighth: R-9293-23, R-9293-24.  A FIN behind the peer's FIN cannot be; no document
	 * says whether it is answered.  TIME-WAIT: the FIN again is acknowledged. */
	{ K_FIN_ACK, "{<>}",	 "A    A      A     A     A     A     A     A     A A" },
	{ K_FIN_ACK, "[",	 "R    R      Ae>CW Ae>CL Aec>TW a    a     a     A A" },
	{ K_FIN_ACK, "=]",	 "R    R      Ah    Ah    Ah    a     a     a     A A" },
	{ K_FIN_ACK_NEW, "{<>}", "A    A      A     A     A     A     A     A     A A" },
	{ K_FIN_ACK_NEW, "[",	 "Aep>CW Aew>CW Ae>CW Aec>TW Aec>TW a ac>TW -c>CD A A" },
	{ K_FIN_ACK_NEW, "=]",	 "Ahp>ES Ahw>ES Ah  Ah>F2 Ah    a     ac>TW -c>CD A A" },
	{ K_FIN_ACK_BEYOND, "{<>}", "A A      A     A     A     A     A     A     A A" },
	{ K_FIN_ACK_BEYOND, "[=]", "R  R      A     A     A     A     A     A     A A" },
	{ K_FIN_ACK_NEW_TEXT, "{<>}", "A A    A     A     A     A     A     A     A A" },
	{ K_FIN_ACK_NEW_TEXT, "/[", "Atep>CW Atew>CW Ate>CW Atec>TW Atec>TW a ac>TW -c>CD A A" },
	{ K_FIN_ACK_NEW_TEXT, "=]", "Ahp>ES Ahw>ES Ah Ah>F2 Ah  a     ac>TW -c>CD A A" },

	/* Second; RFC 5961 §3.2: SEG.SEQ as sent, so left of RCV.NXT is outside though text may
	 * reach in.  MUST-11.  TIME-WAIT: RFC 1337 §3, F1, ignores resets; one that is not exact
	 * would be challenged by §3.10.7.4, but not by Linux. */
	{ K_RST, "{<>}",	 "-    -      -     -     -     -     -     -     - -" },
	{ K_RST, "[",		 "->CD -f>CD -x>CD -x>CD -x>CD -x>CD -X>CD -X>CD  - -" },
	{ K_RST, "=]",		 "C    C      C     C     C     C     C     C     - -" },
	{ K_RST_ACK, "{<>}",	 "-    -      -     -     -     -     -     -     - -" },
	{ K_RST_ACK, "[",	 "->CD -f>CD -x>CD -x>CD -x>CD -x>CD -X>CD -X>CD  - -" },
	{ K_RST_ACK, "=]",	 "C    C      C     C     C     C     C     C     - -" },
	{ K_RST_ACK_BEYOND, "{<>}", "- -      -     -     -     -     -     -     - -" },
	{ K_RST_ACK_BEYOND, "[", "->CD -f>CD -x>CD -x>CD -x>CD -x>CD -X>CD -X>CD  - -" },
	{ K_RST_ACK_BEYOND, "=]", "C   C      C     C     C     C     C     C     - -" },
	{ K_RST_TEXT, "{</>}",	 "-    -      -     -     -     -     -     -     - -" },
	{ K_RST_TEXT, "[",	 "->CD -f>CD -x>CD -x>CD -x>CD -x>CD -X>CD -X>CD  - -" },
	{ K_RST_TEXT, "=]",	 "C    C      C     C     C     C     C     C     - -" },
	/* R-V-51 */
	{ K_SYN_RST, "{<>}",	 "-    -      -     -     -     -     -     -     - -" },
	{ K_SYN_RST, "[",	 "->CD -f>CD -x>CD -x>CD -x>CD -x>CD -X>CD -X>CD  - -" },
	{ K_SYN_RST, "=]",	 "C    C      C     C     C     C     C     C     - -" },

	/* Fourth; RFC 5961 §4.2: challenged wherever it is.  SYN-RECEIVED: the SYN again gets
	 * the SYN-ACK again (R-9293-36); another one inside the window after a passive open
	 * means LISTEN (R-9293-15).  TIME-WAIT: a SYN behind the FIN begins anew (RFC 6191 §2:
	 * R-6191-5), others are acknowledged (5-D4). */
	{ K_SYN, "{",		 "A    A      C     C     C     C     C     C     A A" },
	{ K_SYN, "<",		 "S    S      C     C     C     C     C     C     A A" },
	{ K_SYN, "[=]",		 "->CD C      C     C     C     C     C     C     N>SR N>SR" },
	{ K_SYN, ">}",		 "A    A      C     C     C     C     C     C     N>SR N>SR" },
	{ K_SYN_TEXT, "{<",	 "A    A      C     C     C     C     C     C     A A" },
	{ K_SYN_TEXT, "i",	 "S    S      C     C     C     C     C     C     A A" },
	{ K_SYN_TEXT, "[=]",	 "->CD C      C     C     C     C     C     C     N>SR N>SR" },
	{ K_SYN_TEXT, ">}",	 "A    A      C     C     C     C     C     C     N>SR N>SR" },
	/* §3.5, figure 7: the SYN-ACK of the other side of a simultaneous open lies at IRS,
	 * left of the window, and completes it (MUST-10, R-9293-32). */
	{ K_SYN_ACK, "{>}",	 "A    A      C     C     C     C     C     C     A A" },
	{ K_SYN_ACK, "<",	 "A    aw>ES  C     C     C     C     C     C     A A" },
	{ K_SYN_ACK, "[=]",	 "->CD C      C     C     C     C     C     C     A A" },
	{ K_SYN_ACK_BEYOND, "{>}", "A  A      C     C     C     C     C     C     A A" },
	{ K_SYN_ACK_BEYOND, "<", "A    .      C     C     C     C     C     C     A A" },
	{ K_SYN_ACK_BEYOND, "[=]", "->CD C    C     C     C     C     C     C     A A" },
	/* No document revives TIME-WAIT with it: dropped as in LISTEN (R-V-51), or acknowledged. */
	{ K_SYN_FIN, "{<>}",	 "A    A      C     C     C     C     C     C     a a" },
	{ K_SYN_FIN, "[=]",	 "->CD C      C     C     C     C     C     C     a a" },

	/* Sixth: told once it is in line; in advance of that MUST-32 and the idealized segment
	 * of §3.10.7.4 differ.  After the peer's FIN ignored (R-9293-22). */
	{ K_URG_TEXT, "{<>}",	 "A    A      A     A     A     A     A     A     A A" },
	{ K_URG_TEXT, "/[",	 "R    R      Atu   Atu   Atu   -     -     -     A A" },
	{ K_URG_TEXT, "=]",	 "R    R      AhU   AhU   AhU   a     a     a     A A" },

	/* RFC 7323 §5.3 R1: an old timestamp is answered and dropped before SEG.SEQ is looked
	 * at (R-7323-16, R-1337-4), but for a reset (R-7323-17). */
	{ K_TS_ACK_NEW_TEXT, "{<>}", "A A     A     A     A     A     A     A     A A" },
	{ K_TS_ACK_NEW_TEXT, "/[", "Atp>ES Atw>ES At At>F2 At   -     ac>TW -c>CD A A" },
	{ K_PAWS_ACK_NEW, "{<[=]>}", "A A     A     A     A     A     A     A     A A" },
	{ K_PAWS_ACK_NEW_TEXT, "{</[=]>}", "A A A   A     A     A     A     A     A A" },
	{ K_PAWS_FIN_ACK_NEW, "{<[=]>}", "A A   A   A     A     A     A     A     A A" },
	{ K_PAWS_RST, "{<>}",	 "-    -      -     -     -     -     -     -     - -" },
	{ K_PAWS_RST, "[",	 "->CD -f>CD -x>CD -x>CD -x>CD -x>CD -X>CD -X>CD  - -" },
	{ K_PAWS_RST, "=]",	 "C    C      C     C     C     C     C     C     - -" },
	/* R-6191-6 */
	{ K_PAWS_SYN, "{<[=]>}", "A    A      A     A     A     A     A     A     A A" },

	/* RFC 7323 §3.2: a missing one is dropped in silence, a reset is not (R-7323-10). */
	{ K_NO_TS_ACK_NEW, "{<[=]>}", "- -    -     -     -     -     -     -     - -" },
	{ K_NO_TS_ACK_NEW_TEXT, "{</[=]>}", "- - -  -     -     -     -     -     - -" },
	{ K_NO_TS_FIN_ACK_NEW, "{<[=]>}", "- - -    -     -     -     -     -     - -" },
	{ K_NO_TS_RST, "{<>}",	 "-    -      -     -     -     -     -     -     - -" },
	{ K_NO_TS_RST, "[",	 "->CD -f>CD -x>CD -x>CD -x>CD -x>CD -X>CD -X>CD  - -" },
	{ K_NO_TS_RST, "=]",	 "C    C      C     C     C     C     C     C     - -" },
};

/* §3.10.7.4, table 6, with a receive window of zero: text and FIN are not
 * acceptable anywhere, but ACK, URG and RST at RCV.NXT count (R-9293-11,
 * MUST-66).  > is RCV.NXT + 1. */
static const struct grid_line grid_zero_window[] = {
	/*		     ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 */
	{ K_NO_FLAGS, "{<>}",		"A     A     A" },
	{ K_NO_FLAGS, "[",		"-     -     -" },
	{ K_NO_FLAGS_TEXT, "{</[>}",	"A     A     A" },
	{ K_FIN, "{<[>}",		"A     A     A" },
	{ K_ACK, "{<>}",		"A     A     A" },
	{ K_ACK, "[",			"-     -     -" },
	{ K_ACK_NEW, "{<>}",		"A     A     A" },
	{ K_ACK_NEW, "[",		"-     ->F2  -" },
	{ K_ACK_TEXT, "{</[>}",		"A     A     A" },
	{ K_ACK_NEW_TEXT, "{<>}",	"A     A     A" },
	{ K_ACK_NEW_TEXT, "[",		"A     A>F2  A" },
	{ K_ACK_BEYOND, "{<[>}",	"A     A     A" },
	{ K_ACK_BEYOND_TEXT, "{<[>}",	"A     A     A" },
	{ K_FIN_ACK, "{<[>}",		"A     A     A" },
	{ K_FIN_ACK_NEW, "{<>}",	"A     A     A" },
	{ K_FIN_ACK_NEW, "[",		"A     A>F2  A" },
	{ K_RST, "{<>}",		"-     -     -" },
	{ K_RST, "[",			"-x>CD -x>CD -x>CD" },
	{ K_RST_ACK, "{<>}",		"-     -     -" },
	{ K_RST_ACK, "[",		"-x>CD -x>CD -x>CD" },
	{ K_RST_TEXT, "{</>}",		"-     -     -" },
	{ K_RST_TEXT, "[",		"-x>CD -x>CD -x>CD" },
	{ K_SYN, "{<[>}",		"C     C     C" },
	{ K_SYN_ACK, "{<[>}",		"C     C     C" },
	{ K_SYN_TEXT, "{<[>}",		"C     C     C" },
	{ K_URG_TEXT, "{<>}",		"A     A     A" },
	{ K_URG_TEXT, "[",		"Au    Au    Au" },
};

#endif
