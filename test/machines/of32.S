/* Of 32 bits, for a kernel of 64: waits in read(2) of its standard input, whose number there is 3, close(2) for 64 bits. */
	.globl _start
_start:	mov $3, %eax
	mov $0, %ebx
	mov %esp, %ecx
	mov $1, %edx
	int $0x80
	jmp _start
	.section .note.GNU-stack, "", @progbits
