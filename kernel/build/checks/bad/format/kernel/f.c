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
