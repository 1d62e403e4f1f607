"""Studies of published outcome series: locked plans, designs, checks, power."""
