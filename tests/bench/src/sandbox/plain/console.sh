# The shell of the plain machine: a line that comes over the serial port is a command.
console=$(cat /sys/class/tty/console/active)
exec < "/dev/$console" > "/dev/$console" 2>&1
stty -echo
export HOME=/tmp PATH=/usr/bin:/bin
echo "the machine is ready"
while read -r line; do eval "$line"; done
