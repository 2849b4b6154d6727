/* The trivial command whose launch is measured. */
int main(void)
{
    return 0;
}
