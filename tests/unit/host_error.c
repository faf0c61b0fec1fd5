/*
 * host_error.c - codes of the core as errno values.
 */
#include "lib/test.h"

#include <errno.h>

#include <sampan/host.h>

TEST(errno_of_every_code_is_a_real_one)
{
	static const int codes[] = {
#define X(name, number, text) SAMPAN_E##name,
		SAMPAN_ERRORS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		EXPECT(sampan_errno(codes[i]) > 0);
		EXPECT(strncmp(strerror(sampan_errno(codes[i])), "Unknown", 7) != 0);
	}
}

TEST(errno_of_posix_names_is_the_same)
{
	EXPECT_EQ(sampan_errno(0), 0);
	EXPECT_EQ(sampan_errno(SAMPAN_EAGAIN), EAGAIN);
	EXPECT_EQ(sampan_errno(SAMPAN_EBADHANDLE), EBADF);
	EXPECT_EQ(sampan_errno(SAMPAN_EADDRINUSE), EADDRINUSE);
	EXPECT_EQ(sampan_errno(SAMPAN_ECONNRESET), ECONNRESET);
	EXPECT_EQ(sampan_errno(SAMPAN_EPIPE), EPIPE);
	EXPECT_EQ(sampan_errno(SAMPAN_ENOSPACE), ENOSPC);
	EXPECT_EQ(sampan_errno(-4711), EINVAL);
}
