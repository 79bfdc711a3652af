/*
 * A paragraph.
 */
int y;
