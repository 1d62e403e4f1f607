"""Areas beside areas: differences, ranks among placebos, cells of rings and hours."""
