"""Parts shared by methods; nothing here knows a method's name."""
