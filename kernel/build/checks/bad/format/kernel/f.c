/* A file. */
int good(int x);		/* tabs before a comment are fine */

int bad( int x)
{
	return x;
}

int	worse(int x)
{
  return x;
}

static const int table[] = {
	1, 2, 3,
	4, 5,
};
