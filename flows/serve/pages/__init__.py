"""What people see: pages without JavaScript."""
