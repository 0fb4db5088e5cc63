/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compile-time settings of the SIP stack; copied to pjlib/include/pj/config_site.h. */
#define PJMEDIA_HAS_VIDEO 0
#define PJMEDIA_AUDIO_DEV_HAS_ALSA 1
#define PJMEDIA_AUDIO_DEV_HAS_PORTAUDIO 0

/* An agent has one call; a call hung up before any provisional answer keeps its
 * slot for 32 s (RFC 3261 timer B), so the next ones need room. */
#define PJSUA_MAX_CALLS 8
#define PJ_IOQUEUE_MAX_HANDLES 256

/* Longest SIP message and URI taken; the stack's own 4000 and 256 are too short
 * for long Record-Route sets and certificates' headers of real proxies. */
#define PJSIP_MAX_PKT_LEN 16000
#define PJSIP_MAX_URL_SIZE 1024

/* 5 writes whole SIP messages, which field logs need. */
#define PJ_LOG_MAX_LEVEL 5
/* Notes to the stack's own authors, not to ours. */
#define PJ_TODO(x)
