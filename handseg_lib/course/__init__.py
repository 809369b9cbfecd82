"""What only the lessons need: checks of exercises, quizzes, the profile, the doctor, and the article's own recipe."""
