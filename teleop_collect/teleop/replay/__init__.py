"""A recorded motion driven again through the chain: read, checked as a whole, ramped to, judged.

trajectory   positions over time
check        every position, speed and clearance before anything moves
ramp         the slow way from where the arm is to where the motion begins
report       how well the follower tracked what it was sent
"""
